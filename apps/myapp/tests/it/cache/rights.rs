//! The service's user of ElastiCache has the rights that the service needs, and no others.

use test_support::http::raw::blocking::get;
use test_support::redis::Redis;
use test_support::wait::until;

use super::{KEY, PASSWORD, Replica};
use crate::DEADLINE;
use crate::events::Stream;

/// Rights of the service's user of ElastiCache. The tests of the Terraform module compare its output with the same file.
const RIGHTS_ON_AWS: &str =
    include_str!("../../../../../terraform/modules/aws/cache/tests/access-string.txt");

#[test]
fn aws_cache_rights_are_minimal_and_sufficient() {
    let redis = Redis::start_with_tls(&["user default off"]);
    let rights: Vec<_> = RIGHTS_ON_AWS.split_whitespace().collect();
    let password = format!(">{PASSWORD}");
    redis.command(&[&["ACL", "SETUSER", "app", &password], &rights[..]].concat());
    redis.command(&["CONFIG", "RESETSTAT"]);

    let url = redis.url();
    let files = [
        ("config/CACHE_URL", url.as_str()),
        ("secrets/CACHE_USER", "app"),
        ("secrets/CACHE_PASSWORD", PASSWORD),
    ];
    let prefix = "--cache-prefix=shop/myapp";
    let there = Replica::start_with(&[prefix], &files);
    let here = Replica::start_with(&[prefix, &format!("--peers={}", there.service.admin)], &files);
    here.until_hearing();
    there.until_hearing();
    let mut stream = Stream::open(here.service.operator, None);
    stream.next().unwrap();
    there.mount.swap(&[&[KEY, ("config/LOG_LEVEL", "info")], &files[..]].concat());
    assert_eq!(stream.next().unwrap().name, "committed");
    assert_eq!(get(here.service.operator, "/api/v1/fleet").status, 200);
    let caches = || [here.cache(), there.cache()];
    until(DEADLINE, "up", caches, |seen| seen.iter().all(|cache| cache["up"] == true));
    assert_eq!(
        redis.command(&["EXISTS", "shop/myapp:alive", "shop/myapp:fleet:v1", "shop/myapp:events:v1"]),
        "3"
    );

    assert_eq!(redis.command(&["ACL", "LOG"]), "", "nothing was refused");
    let calls = redis.command(&["INFO", "commandstats"]);
    for right in rights.iter().filter_map(|right| right.strip_prefix('+')) {
        assert!(calls.contains(&format!("cmdstat_{right}:")), "{right} is allowed and not used: {calls}");
    }
    for refused in [
        "ACL LIST",
        "CLIENT LIST",
        "CONFIG GET maxmemory",
        "DEL shop/myapp:alive",
        "EVAL return 0",
        "FLUSHALL",
        "FLUSHDB",
        "GET shopping/myapp:alive",
        "INFO",
        "KEYS *",
        "PUBLISH channel text",
        "SCAN 0",
        "SET other x",
        "XADD other/myapp:events:v1 * m x",
        "XREAD STREAMS other/myapp:events:v1 0",
    ] {
        let words: Vec<_> = refused.split(' ').collect();
        let answer = redis.command(&[&["ACL", "DRYRUN", "app"], &words[..]].concat());
        assert!(answer.contains("has no permissions"), "{refused}: {answer}");
    }
}
