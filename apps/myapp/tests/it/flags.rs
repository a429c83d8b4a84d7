//! Flags and their variables: contradictions, invalid values, and the name that is reported.

use crate::databases::Kind;
use crate::process::{PORTS, Serving, myapp, refusal, run};

/// Returns the error output, which must be the same for both commands that read the configuration.
fn refused(flags: &[&str], variables: &[(&str, &str)]) -> String {
    let told = ["serve", "check"].map(|command| {
        let (code, lines) = refusal(&[&[command], flags].concat(), variables);
        assert_eq!(code, Some(64), "{command} {flags:?} {variables:?}: {lines:?}");
        lines.join("\n")
    });
    assert_eq!(told[0], told[1]);
    told[0].clone()
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    for (flags, words) in [
        (&["--drain-min=20s"][..], ["--drain-min 20s is longer", "--drain-accept-max 12s"]),
        (&["--drain-min=4s", "--drain-accept-max=3s"], ["--drain-min 4s", "--drain-accept-max 3s"]),
        (&["--drain-quiet=1m"], ["--drain-quiet 1m", "--drain-accept-max 12s"]),
        (&["--limit-target-bytes=40000"], ["--limit-target-bytes 40000", "--limit-header-bytes 32768"]),
        (&["--listen=127.0.0.1:9090"], ["--admin-listen 127.0.0.1:9090", "--listen 127.0.0.1:9090"]),
        (
            &["--admin-listen=[::]:9091", "--operator-listen=127.0.0.1:9091"],
            ["--admin-listen [::]:9091", "same address"],
        ),
    ] {
        let variables: &[(&str, &str)] = &[("SECRET_KEY", "k")];
        let told = refused(flags, variables);
        assert!(words.iter().all(|word| told.contains(word)), "{flags:?}: {told}");
    }
    let all = refused(&["--drain-min=20s"], &[("LOG_LEVEL", "verbose")]);
    assert!(all.contains("LOG_LEVEL") && all.contains("--drain-min"), "{all}");
}

#[test]
fn refused_variable_value_is_reported_by_variable_name() {
    for (variable, value) in [
        ("MYAPP_LISTEN", "somewhere"),
        ("MYAPP_LISTEN", ""),
        ("MYAPP_DRAIN_MIN", "5"),
        ("MYAPP_DRAIN_MIN", "366d"),
        ("MYAPP_LIMIT_IDLE_TIME", "18446744073709551615s"),
        ("MYAPP_LIMIT_CONNECTIONS", "0"),
        ("MYAPP_OPERATOR_LISTEN", "0.0.0.0:9091"),
        ("MYAPP_EXPOSE_SECRETS", "perhaps"),
        ("MYAPP_CONFIG_DIR", ""),
        ("MYAPP_DATA_DIR", ""),
        ("MYAPP_DATABASE_HOST", ""),
        ("MYAPP_PEERS", ""),
        ("MYAPP_PEERS", "myapp-peers"),
        ("MYAPP_PEERS", "::1:9090"),
        ("MYAPP_PEERS", "peers:0"),
    ] {
        let told = refused(&[], &[(variable, value)]);
        assert!(told.contains(variable), "{variable}={value}: {told}");
        assert!(!told.contains("--listen <") && !told.contains("for '--"), "{variable}={value}: {told}");
    }
    let told = refused(&[], &[("MYAPP_DRAIN_MIN", "20s")]);
    assert!(told.contains("MYAPP_DRAIN_MIN 20s") && told.contains("--drain-accept-max 12s"), "{told}");
    let flag = refused(&["--listen=nowhere"], &[("MYAPP_LISTEN", "somewhere")]);
    assert!(
        flag.contains("'--listen") && flag.contains("nowhere"),
        "the flag is the one that counts: {flag}"
    );
}

#[test]
fn mistyped_variable_is_reported_with_nearest_name() {
    let variables = [
        ("MYAPP_LISTN", "127.0.0.1:1"),
        ("MYAPP_DRAINMIN", "1s"),
        ("MYAPP_LOG_LEVEL", "info"),
        ("DATABASE_URI", "postgres://db"),
        ("MYAPP_PORT", "tcp://10.0.0.1:80"),
        ("MYAPP_SERVICE_HOST", "10.0.0.1"),
        ("MYAPP_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    let output = run(&["check"], &variables);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for note in [
        "unknown variable ignored: MYAPP_LISTN; did you mean MYAPP_LISTEN?",
        "unknown variable ignored: MYAPP_DRAINMIN; did you mean MYAPP_DRAIN_MIN?",
        "unknown variable ignored: MYAPP_LOG_LEVEL; did you mean LOG_LEVEL?",
        "unknown variable ignored: DATABASE_URI; did you mean DATABASE_URL?",
    ] {
        assert!(said.contains(note), "{said}");
    }
    assert!(!said.contains("MYAPP_PORT") && !said.contains("MYAPP_SERVICE_HOST"), "{said}");

    let kind = Kind::sqlite();
    let mut command = myapp(&PORTS, &variables);
    command.arg("--data-dir").arg(kind.data_directory());
    let mut serving = Serving::spawn(command);
    let line = serving.line("unknown variable ignored");
    assert_eq!((&line["variable"], &line["did_you_mean"]), (&"DATABASE_URI".into(), &"DATABASE_URL".into()));
    let line = serving.line("unknown variable ignored");
    assert_eq!((&line["variable"], &line["level"]), (&"MYAPP_DRAINMIN".into(), &"WARN".into()));
    let line = serving.line("unknown variable ignored");
    assert_eq!((&line["variable"], &line["did_you_mean"]), (&"MYAPP_LISTN".into(), &"MYAPP_LISTEN".into()));
    serving.addresses();
}

#[test]
fn misspelt_flag_or_command_names_the_nearest() {
    for (arguments, nearest) in [
        (&["--admin-lisen=127.0.0.1:1"][..], "'--admin-listen'"),
        (&["check", "--config-directory=x"], "'--config-dir'"),
        (&["chek"], "'check'"),
        (&["--database-auth=pasword"], "'password'"),
    ] {
        let (code, lines) = refusal(arguments, &[]);
        assert_eq!(code, Some(64), "{arguments:?}");
        let tip = lines.iter().find(|line| line.contains("tip: ") && line.contains("similar"));
        assert!(tip.is_some_and(|tip| tip.contains(nearest)), "{arguments:?}: {lines:?}");
    }
}
