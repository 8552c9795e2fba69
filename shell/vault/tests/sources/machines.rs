//! Other machines, over SSH.

use super::*;
use crate::parts::{Sshd, skipped};
use std::fs;

const NEEDS: &str = "root and openssh-server";

fn ssh(server: &Sshd, files: Vec<Text>, command: Option<&str>) -> Source {
    Source::Ssh {
        host: format!("root@127.0.0.1:{}", server.port).into(),
        files,
        command: command.map(Text::from),
    }
}

fn key(server: &Sshd, name: &str) -> Option<SecretReference> {
    Some(SecretReference::File(server.at(name).to_str().unwrap().into()))
}

#[test]
fn files_come_over_sftp_with_their_paths_and_odd_names() {
    let Some(server) = Sshd::start() else {
        return skipped("files_come_over_sftp_with_their_paths_and_odd_names", NEEDS);
    };
    let mut desk = Desk::new();
    desk.known_hosts = Some(server.at("known"));
    let far = tempfile::tempdir().unwrap();
    let (bind, names) = (far.path().join("etc/bind"), ["a \"b\".conf", "star*[x].conf", "back\\slash", "ü"]);
    fs::create_dir_all(bind.join("zones/deep")).unwrap();
    for name in names {
        fs::write(bind.join("zones").join(name), name).unwrap();
    }
    fs::write(far.path().join("etc/star*[x].conf"), "alone").unwrap();
    fs::write(far.path().join("etc/starry x.conf"), "not asked for").unwrap();
    let alone = format!("{}/etc/star*[x].conf", far.path().display());
    let within = format!("{}/zones", bind.display());
    let files = texts([bind.to_str().unwrap(), &alone, &within]);
    let backup = backup("resolver", ssh(&server, files, Some("cat /etc/hostname")), key(&server, "client"));
    let staged = desk.stage(&backup, None).unwrap();
    let near = |path: &Path| folder(&staged).join(path.strip_prefix("/").unwrap());
    for name in names {
        let path = bind.join("zones").join(name);
        assert_eq!(fs::read_to_string(near(&path)).unwrap(), name);
    }
    assert_eq!(fs::read_to_string(near(Path::new(&alone))).unwrap(), "alone");
    assert!(!near(&far.path().join("etc/starry x.conf")).exists());
    assert!(!near(&bind.join("zones/zones")).exists());
    let output = fs::read_to_string(folder(&staged).join("resolver.out")).unwrap();
    assert_eq!(output, fs::read_to_string("/etc/hostname").unwrap());
}

#[test]
fn what_does_not_arrive_is_no_backup() {
    let Some(server) = Sshd::start() else { return skipped("what_does_not_arrive_is_no_backup", NEEDS) };
    let mut desk = Desk::new();
    desk.known_hosts = Some(server.at("known"));
    let far = tempfile::tempdir().unwrap();
    fs::write(far.path().join("there"), vec![0; 200_000]).unwrap();
    let (there, gone) = (format!("{}/there", far.path().display()), format!("{}/gone", far.path().display()));
    let files = backup("box", ssh(&server, texts([&there, &gone]), None), key(&server, "client"));
    let error = desk.stage(&files, None).unwrap_err().to_string();
    assert!(error.contains("gone"), "{error}");
    let failing = backup("box", ssh(&server, Vec::new(), Some("show runing-config")), key(&server, "client"));
    let error = desk.stage(&failing, None).unwrap_err().to_string();
    assert!(error.contains("ended with 127"), "{error}");
    desk.bounds.bytes = 100_000;
    let files = backup("box", ssh(&server, texts([&there]), None), key(&server, "client"));
    let error = desk.stage(&files, None).unwrap_err().to_string();
    assert!(error.contains("more than 100000 bytes"), "{error}");
}

#[test]
fn a_host_must_show_the_key_that_is_known() {
    let Some(server) = Sshd::start() else { return skipped("a_host_must_show_the_key_that_is_known", NEEDS) };
    let mut desk = Desk::new();
    let asked = backup("box", ssh(&server, texts(["/etc/hostname"]), None), key(&server, "client"));
    desk.known_hosts = Some(server.at("empty"));
    let error = desk.stage(&asked, None).unwrap_err();
    assert!(matches!(error, SourceError::HostKeyUnknown { .. }), "{error}");
    assert!(error.to_string().contains(&format!("ssh-keyscan -p {} 127.0.0.1", server.port)), "{error}");
    desk.known_hosts = Some(server.at("changed"));
    for source in [ssh(&server, texts(["/etc/hostname"]), None), ssh(&server, Vec::new(), Some("true"))] {
        let error = desk.stage(&backup("box", source, key(&server, "client")), None).unwrap_err();
        assert!(matches!(error, SourceError::HostKeyChanged { .. }), "{error}");
        assert!(
            error.to_string().contains(&format!("ssh-keygen -R '[127.0.0.1]:{}'", server.port)),
            "{error}"
        );
    }
    assert_eq!(fs::read_to_string(server.at("empty")).unwrap(), "", "no key was learned");
}

#[test]
fn a_key_may_stand_in_a_variable_and_is_gone_afterwards() {
    let Some(server) = Sshd::start() else {
        return skipped("a_key_may_stand_in_a_variable_and_is_gone_afterwards", NEEDS);
    };
    let mut desk = Desk::new();
    desk.known_hosts = Some(server.at("known"));
    let variable = Some(SecretReference::Variable("BOX_KEY".into()));
    let asked = backup("box", ssh(&server, texts(["/etc/hostname"]), None), variable);
    let key_text = fs::read_to_string(server.at("client")).unwrap();
    let staged = desk.stage(&asked, Some(key_text.trim())).unwrap();
    assert!(folder(&staged).join("etc/hostname").is_file());
    assert_eq!(fs::read_dir(desk.scratch.path()).unwrap().count(), 1, "only what was gathered is left");
    let error = desk.stage(&asked, Some("a password")).unwrap_err().to_string();
    assert!(error.contains("not a private key") && !error.contains("a password"), "{error}");
    let other = fs::read_to_string(server.at("other")).unwrap();
    let error = desk.stage(&asked, Some(&other)).unwrap_err().to_string();
    assert!(error.contains("Permission denied"), "{error}");
}
