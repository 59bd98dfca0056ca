//! Texts that are not a compact JWS of two JSON objects.

use super::*;

pub(super) fn bent_tokens(forge: &Forge) -> Vec<Bent> {
    let good = forge.with_claims(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("three parts")
    };
    let mut all = vec![
        bent("nothing", String::new(), "jwt-parts"),
        bent("a dot", ".".to_owned(), "jwt-parts"),
        bent("no signature", format!("{header}.{claims}"), "jwt-parts"),
        bent("four parts", format!("{good}."), "jwt-parts"),
        bent("six parts", format!("{good}.a.b.c"), "jwt-parts"),
        bent("dots", ".".repeat(9000), "jwt-parts"),
        bent("a JWE", format!("{header}.a.b.c.d"), "jwt-encrypted"),
        bent("16 KiB and one", "a".repeat(16 * 1024 + 1), "jwt-too-long"),
        bent(
            "a long claim",
            forge.with_claims(json!({"x": "x".repeat(16 * 1024)})),
            "jwt-too-long",
        ),
        bent("three empty parts", "..".to_owned(), "jwt-header-json"),
        bent("a space before", format!(" {good}"), "jwt-header-encoding"),
        bent(
            "the scheme too",
            format!("Bearer {good}"),
            "jwt-header-encoding",
        ),
        bent("in quotes", format!("\"{good}\""), "jwt-header-encoding"),
        bent(
            "a line's end",
            format!("{good}\n"),
            "jwt-signature-encoding",
        ),
        bent("a NUL", format!("{good}\0"), "jwt-signature-encoding"),
        bent(
            "an umlaut",
            format!("{header}.ü{claims}.{signature}"),
            "jwt-claims-encoding",
        ),
        bent(
            "percent",
            format!("{header}.{claims}%2E.{signature}"),
            "jwt-claims-encoding",
        ),
    ];
    for (part, code) in [
        (0, "jwt-header-encoding"),
        (1, "jwt-claims-encoding"),
        (2, "jwt-signature-encoding"),
    ] {
        for (what, end) in [
            ("padding", "="),
            ("more padding", "=="),
            ("base64's +", "AA+A"),
        ] {
            let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            parts[part].push_str(end);
            all.push(bent(format!("{what} {code}"), parts.join("."), code));
        }
    }
    // 256 octets leave four bits of the last character unused: another character, the same octets.
    let (rest, last) = signature.split_at(signature.len() - 1);
    let twin = char::from(last.as_bytes()[0] + 1);
    let twin = format!("{header}.{claims}.{rest}{twin}");
    all.push(bent("unused bits", twin, "jwt-signature-encoding"));
    all.push(bent(
        "no octets of signature",
        format!("{header}.{claims}."),
        "jwt-unsigned",
    ));
    all.extend(no_objects(forge));
    all.extend(duplicates(forge));
    all
}

/// What JSON parsers differ about, or what is no object.
fn no_objects(forge: &Forge) -> Vec<Bent> {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let mut all = Vec::new();
    for text in [
        "null",
        "true",
        "7",
        "[]",
        "\"RS256\"",
        "{",
        "{}{}",
        "{} x",
        "\u{feff}{}",
        "{'alg':'RS256'}",
        "{\"alg\":\"RS256\",}",
        "{/**/\"alg\":\"RS256\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":1e999}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":\"\n\"}",
        &deep,
    ] {
        let what = text.get(..20).unwrap_or(text);
        all.push(bent(what, forge.with_raw_header(text), "jwt-header-json"));
        let jwt = forge.with_raw_claims(text.as_bytes());
        all.push(bent(what, jwt, "jwt-claims-json"));
    }
    // A latin-1 letter, UTF-16, and what a header with `zip` announces.
    for octets in [
        b"{\"sub\":\"an\xe9\"}".as_slice(),
        b"{\0}\0",
        b"\xabV*\xce/*Q\xb2R*I-.Q\xaa\x05\0",
    ] {
        let jwt = forge.with_raw_claims(octets);
        all.push(bent(format!("{octets:?}"), jwt, "jwt-claims-json"));
    }
    let inner = forge.with_claims(json!({}));
    let nested = forge.with_raw_claims(inner.as_bytes());
    all.push(bent("a JWT in a JWT", nested, "jwt-claims-json"));
    all
}

fn duplicates(forge: &Forge) -> Vec<Bent> {
    let mut all = Vec::new();
    for header in [
        r#"{"alg":"none","alg":"RS256","kid":"rsa"}"#,
        r#"{"alg":"RS256","kid":"rsa","kid":"p256"}"#,
        r#"{"alg":"RS256","kid":"rsa","\u0061lg":"HS256"}"#,
        r#"{"alg":"RS256","kid":"rsa","x":1,"x":1}"#,
    ] {
        let jwt = forge.with_raw_header(header);
        all.push(bent(header, jwt, "jwt-header-duplicate"));
    }
    let good = forge.claims(json!({})).to_string();
    for more in [
        r#""sub":"bob""#,
        r#""iss":"https://evil.example""#,
        r#""\u0065xp":99999999999"#,
        r#""aud":["poolkeeper"]"#,
    ] {
        let claims = good.replacen('{', &format!("{{{more},"), 1);
        let jwt = forge.with_raw_claims(claims.as_bytes());
        all.push(bent(more, jwt, "jwt-claims-duplicate"));
    }
    all
}
