//! What the fuzz target of the backend does with its bytes. The same body runs on the stable compiler over a sample and its
//! mutations, in the tests of the backend. Entries, objects and the bodies of requests are the ledger's (`ledger_wire`).

use axum::http::Request;
use vitrine_ledger::wire::BACKEND_FIELD;
use vitrine_ledger::{BackendId, SigningKey};
use vitrine_server::RequestSignature;

/// When every head arrives, Unix time in seconds; the sample was signed then.
const NOW_S: u64 = 1_800_000_000;

/// The key that signed the sample.
pub fn signer() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

/// Reads bytes as the head of a request: a line with method and path, then each field on a line of its own. What is read
/// was signed line for line as it stands there, and nothing else was.
pub fn signature(bytes: &[u8]) -> Option<RequestSignature> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines.filter(|line| !line.is_empty()) {
        let mut field = line.splitn(2, |byte| *byte == b':');
        request = request.header(field.next()?, field.next()?);
    }
    let (parts, ()) = request.body(()).ok()?.into_parts();
    let read = RequestSignature::read(&parts, &BackendId::from_bytes([7; 16]), NOW_S).ok()?;
    let field = |name: &str| parts.headers[name].to_str().expect("what was read is text");
    let signed = [
        format!("\"@method\": {}", parts.method),
        format!("\"@path\": {}", parts.uri.path()),
        format!("\"content-digest\": {}", field("content-digest")),
        format!("\"{BACKEND_FIELD}\": {}", field(BACKEND_FIELD)),
    ];
    let base = read.base();
    let mut lines = base.split('\n');
    assert!(signed.iter().all(|line| lines.next() == Some(line)), "another text was signed: {base}");
    assert!(lines.next().is_some_and(|params| params.starts_with("\"@signature-params\": (")), "{base}");
    assert_eq!(lines.next(), None, "{base}");
    Some(read)
}
