#![allow(missing_docs, clippy::all, reason = "scratch")]
use identify::*;
use std::collections::BTreeMap;
fn b64(s: &str) -> String {
    let mut out = vec![];
    let mut acc = 0u32;
    let mut n = 0;
    for c in s.bytes() {
        let v = match c {
            b'A'..=b'Z' => c - 65,
            b'a'..=b'z' => c - 71,
            b'0'..=b'9' => c + 4,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        acc = acc << 6 | v as u32;
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((acc >> n) as u8);
            acc &= (1 << n) - 1;
        }
    }
    String::from_utf8(out).unwrap_or_else(|e| e.into_bytes().iter().map(|b| *b as char).collect())
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let only = args.get(1).cloned().unwrap_or_default();
    let show: usize = args.get(2).and_then(|a| a.parse().ok()).unwrap_or(0);
    let mut files: Vec<_> = std::fs::read_dir("/work/shared/data/asset-id/recog/xml")
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    let (mut tr, mut tb, mut tn, mut ta, mut tw) = (0, 0, 0, 0, 0);
    for f in files {
        let name = f.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.contains(&only) {
            continue;
        }
        let text = std::fs::read_to_string(&f).unwrap();
        let db = recog::read(&text, &name).unwrap();
        let ex = recog::examples(&text).unwrap();
        let bi = built_in().iter().find(|d| d.kind() == db.kind());
        let (mut r, mut b, mut a, mut w, mut m) = (0, 0, 0, 0, 0);
        let mut shown = 0;
        for e in &ex {
            let said = if e.is_base64 { b64(&e.said) } else { e.said.clone() };
            let mut want: BTreeMap<String, String> = BTreeMap::new();
            for (k, v) in e.fixed.iter().filter(|(_, v)| !v.contains('{')).chain(&e.attributes) {
                want.insert(k.clone(), v.clone());
            }
            let ok = |i: &Option<Identification>| {
                i.as_ref().is_some_and(|i| want.iter().all(|(k, v)| i.attributes.get(k) == Some(v)))
            };
            let i = db.identify(&said);
            if ok(&i) {
                r += 1
            } else if show > 0 && only.starts_with("=") {
                println!("RECOG {said:?} want {want:?} got {i:?}")
            }
            let j = bi.and_then(|d| d.identify(&said));
            if j.is_some() {
                m += 1
            }
            a += want.len();
            w += want
                .iter()
                .filter(|(k, v)| j.as_ref().and_then(|j| j.attributes.get(k)) == Some(v.as_str()))
                .count();
            if ok(&j) {
                b += 1
            } else if shown < show {
                shown += 1;
                match &j {
                    None => println!("MISS {said:?}\n     {want:?}"),
                    Some(j) => {
                        let d: Vec<String> = want
                            .iter()
                            .filter(|(k, v)| j.attributes.get(k) != Some(v.as_str()))
                            .map(|(k, v)| format!("{k}={v:?} not {:?}", j.attributes.get(k)))
                            .collect();
                        println!("DIFF {said:?}\n     {}", d.join("; "))
                    }
                }
            }
        }
        println!(
            "{name:20} {:4} ex  recog {:5.1}%  built-in all {:5.1}%  matched {:5.1}% attributes {:5.1}%  unusable {}",
            ex.len(),
            100. * r as f64 / ex.len() as f64,
            100. * b as f64 / ex.len() as f64,
            100. * m as f64 / ex.len() as f64,
            100. * w as f64 / a as f64,
            db.unusable()
        );
        tr += r;
        tb += b;
        tn += ex.len();
        ta += a;
        tw += w;
    }
    println!(
        "total {tn}: recog {:.2}% built-in {:.1}% attributes {:.1}%",
        100. * tr as f64 / tn as f64,
        100. * tb as f64 / tn as f64,
        100. * tw as f64 / ta as f64
    );
}
