//! The programs of others.

use serde_json::Value;
use std::{
    env,
    io::{self, Write},
    process::{Command, Stdio},
    thread,
};

/// Answers one question a line: whether a text is a pattern, or whether observed data matches it.
const SCRIPT: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
from stix2matcher.matcher import match
from stix2patterns.validator import run_validator
for line in sys.stdin:
    question = json.loads(line)
    try:
        if "observed" in question:
            found = match(question["pattern"], question["observed"], stix_version=question["version"])
            answer = "yes" if found else "no"
        else:
            answer = "no" if run_validator(question["pattern"], "2.1") else "yes"
    except Exception as error:
        answer = "error: " + type(error).__name__ + ": " + str(error)
    print(json.dumps(answer), flush=True)
"#;

/// What they answer; none, and a line where skipped tests are counted, if they are not there.
pub fn ask(questions: Vec<Value>, test: &str) -> Option<Vec<String>> {
    let programs = ["stix2matcher.matcher", "stix2patterns.validator"];
    let answers = ask_script(SCRIPT, &programs, questions, test)?;
    Some(answers.into_iter().map(|answer| answer.as_str().unwrap().to_owned()).collect())
}

/// What a script answers, a line for each question, with these modules of others.
pub fn ask_script(script: &str, modules: &[&str], questions: Vec<Value>, test: &str) -> Option<Vec<Value>> {
    let probe = format!("import {}", modules.join(", "));
    let there = Command::new("python3").args(["-c", &probe]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        let line = format!("1 test skipped: {test} needs python3 with {} from PyPI\n", modules.join(", "));
        let _ = io::stderr().write_all(line.as_bytes());
        #[expect(clippy::disallowed_methods, reason = "the runner says where skipped tests are counted")]
        if let Ok(path) = env::var("BASTIDE_SKIPPED") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        return None;
    }
    let mut python = Command::new("python3");
    python.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let mut stdin = python.stdin.take().unwrap();
    #[expect(clippy::disallowed_methods, reason = "questions are written while answers are read")]
    let asking = thread::spawn(move || {
        for question in questions {
            writeln!(stdin, "{question}").unwrap();
        }
    });
    let output = python.wait_with_output().unwrap();
    asking.join().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
