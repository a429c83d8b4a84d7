//! The picture of the architecture is drawn from its source.

use sha2::{Digest as _, Sha256};

const SOURCE: &str = include_str!("../../../docs/aws.dot");
const PICTURE: &str = include_str!("../../../docs/aws.svg");

/// Fonts differ from machine to machine, and so would a drawing: what is compared is the note of what it was drawn from.
#[test]
fn the_picture_is_drawn_from_this_source() {
    let digest: String = Sha256::digest(SOURCE).iter().map(|byte| format!("{byte:02x}")).collect();
    let note = format!("<!-- drawn from sha256:{digest} -->");
    assert!(
        PICTURE.contains(&note),
        "docs/aws.svg is older than docs/aws.dot: the first line there says how to draw it anew"
    );
}
