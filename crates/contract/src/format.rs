//! Formats of text that a schema may name, each as the pattern that all readers share.

/// A format, the pattern of a whole text in it, and its name in a sentence.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) pattern: &'static str,
    pub(crate) expected: &'static str,
}

macro_rules! octet {
    () => {
        "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    };
}

macro_rules! h16 {
    () => {
        "[0-9A-Fa-f]{1,4}"
    };
}

/// Formats that are enforced. `uri` is an absolute URI with an authority and without white space (RFC 3986, 3); `hostname`
/// follows RFC 1123, 2.1; `ip` is IPv4 or IPv6 (RFC 4291, 2.2, without a zone or an embedded IPv4 address); `path` is absolute and
/// has no segment `.` or `..`.
pub(crate) const FORMATS: [Format; 4] = [
    Format {
        name: "uri",
        pattern: "^(?:[A-Za-z][A-Za-z0-9+.-]*://[!-~]+)$",
        expected: "an absolute URL, as https://example.com/path",
    },
    Format {
        name: "hostname",
        pattern: "^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)$",
        expected: "a host name",
    },
    Format {
        name: "ip",
        pattern: concat!(
            "^(?:",
            octet!(),
            "(?:\\.",
            octet!(),
            "){3}",
            "|(?:",
            h16!(),
            ":){7}",
            h16!(),
            "|(?:",
            h16!(),
            ":){1,7}:",
            "|(?:",
            h16!(),
            ":){1,6}:",
            h16!(),
            "|(?:",
            h16!(),
            ":){1,5}(?::",
            h16!(),
            "){1,2}",
            "|(?:",
            h16!(),
            ":){1,4}(?::",
            h16!(),
            "){1,3}",
            "|(?:",
            h16!(),
            ":){1,3}(?::",
            h16!(),
            "){1,4}",
            "|(?:",
            h16!(),
            ":){1,2}(?::",
            h16!(),
            "){1,5}",
            "|",
            h16!(),
            ":(?::",
            h16!(),
            "){1,6}",
            "|:(?:(?::",
            h16!(),
            "){1,7}|:))$",
        ),
        expected: "an IP address",
    },
    Format {
        name: "path",
        pattern: "^(?:/|(?:/(?:[^/.][^/]*|\\.[^/.][^/]*|\\.\\.[^/]+))+/?)$",
        expected: "an absolute path without . or ..",
    },
];

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::FORMATS;
    use crate::pattern::Pattern;

    fn is(format: &str, text: &str) -> bool {
        let format = FORMATS.iter().find(|known| known.name == format).unwrap();
        Pattern::of_whole_text(format.pattern).unwrap().is_match(text)
    }

    #[test]
    fn formats_accept_what_they_name() {
        for (format, good, bad) in [
            ("uri", ["https://example.com/a?b#c", "redis://[::1]:6379/0"], ["example.com", "https://a b"]),
            ("hostname", ["db-1.example.com", "a"], ["-a", "a..b"]),
            ("ip", ["10.0.0.255", "fe80::1"], ["10.0.0.256", "1::2::3"]),
            ("path", ["/var/lib/a.b", "/"], ["var", "/var/../etc"]),
        ] {
            assert!(good.iter().all(|text| is(format, text)), "{format}");
            assert!(!bad.iter().any(|text| is(format, text)), "{format}");
        }
    }

    proptest! {
        #[test]
        fn addresses_are_those_of_the_standard_library(text in "[0-9a-f:.]{1,20}") {
            // An embedded IPv4 address is the only notation left out.
            let is_embedded = text.contains(':') && text.contains('.');
            prop_assert_eq!(is("ip", &text), text.parse::<IpAddr>().is_ok() && !is_embedded);
        }

        #[test]
        fn every_address_is_accepted(bits: u128, v4: u32) {
            prop_assert!(is("ip", &std::net::Ipv4Addr::from_bits(v4).to_string()));
            let v6 = std::net::Ipv6Addr::from_bits(bits);
            prop_assume!(v6.to_ipv4().is_none());
            prop_assert!(is("ip", &v6.to_string()));
        }
    }
}
