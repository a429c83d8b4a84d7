use proptest::prelude::*;

use super::*;

fn cursors(secret_key: &str, list: &str) -> Cursors {
    Cursors::of(&secret_key.to_owned().into(), list)
}

proptest! {
    #[test]
    fn a_cursor_leads_back_to_its_position(key in ".{1,40}", list in ".{0,60}", position: i64) {
        let cursors = cursors(&key, &list);
        let cursor = cursors.write(Position(position));
        prop_assert_eq!(cursors.read(&cursor), Some(Position(position)));
        prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn cursor_of_other_list_or_key_is_refused(
        key in ".{1,40}", list in ".{0,60}", other in ".{1,60}", position: i64,
    ) {
        let cursor = cursors(&key, &list).write(Position(position));
        if other != list {
            prop_assert_eq!(cursors(&key, &other).read(&cursor), None);
        }
        if other != key {
            prop_assert_eq!(cursors(&other, &list).read(&cursor), None);
        }
    }

    #[test]
    fn a_cursor_altered_anywhere_is_refused(position: i64, place in 0..54_usize, with in "[A-Za-z0-9_-]") {
        let cursors = cursors("key", "list");
        let cursor = cursors.write(Position(position));
        let mut altered = cursor.clone();
        altered.replace_range(place..=place, &with);
        if altered != cursor {
            prop_assert_eq!(cursors.read(&altered), None);
        }
        prop_assert_eq!(cursors.read(&cursor[..place]), None);
        prop_assert_eq!(cursors.read(&(cursor + &with)), None);
    }

    #[test]
    fn a_forged_cursor_is_refused(text in ".{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let cursors = cursors("key", "list");
        prop_assert_eq!(cursors.read(&text), None);
        prop_assert_eq!(cursors.read(&URL_SAFE_NO_PAD.encode(bytes)), None);
    }
}

#[test]
fn a_cursor_is_the_published_formula() {
    // key=$(openssl kdf -keylen 64 -kdfopt digest:SHA256 -kdfopt key:key -kdfopt salt: \
    //     -kdfopt info:'myapp: cursors of the operator API' -binary HKDF | od -An -tx1 -v | tr -d ' \n')
    // { printf '\0\0\0\0\0\0\0\7'; printf 'list\377\0\0\0\0\0\0\0\7' | openssl dgst -sha256 -mac HMAC \
    //     -macopt hexkey:$key -binary; } | basenc --base64url
    assert_eq!(
        cursors("key", "list").write(Position(7)),
        "AAAAAAAAAAcBHbgspPve8jLRix8oCPzCsGzsNOOy66h-2hub7i3DuA"
    );
}
