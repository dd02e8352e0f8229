//! Secrets, and keeping them out of everything that is shown or stored.

use crate::base64;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A text that is never shown by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Guards a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for sending.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value of an `Authorization` header that carries the text as a token.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// The value of an `Authorization` header of the Basic scheme.
    pub(super) fn basic(&self) -> String {
        format!("Basic {}", base64::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("***")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Shorter texts are no secrets, and replacing them would make every other text unreadable.
const SHORTEST: usize = 4;

/// The password that every server is delivered with. It is public, and also the name of the product.
const FACTORY_PASSWORD: &str = "Milvus";

/// What stands in place of a secret, by preference. Later ones are for secrets that share characters with the earlier ones,
/// so that a replacement and the text beside it can never spell the secret again.
const STAND_INS: [(&str, &str); 4] = [("$MILVUS_TOKEN", "***"), ("***", "***"), ("<hidden>", "<hidden>"), ("", "")];

/// Replaces the secrets of a run, wherever they turn up: the token by `$MILVUS_TOKEN`, anything else by `***`.
///
/// Known are the token, its password part when it is `user:password`, its form in Basic authentication, and the user and
/// password in URLs, each also as written inside JSON text. Secrets of fewer than four bytes are not replaced, nor is the
/// password that servers are delivered with, unless it stands in the token.
#[derive(Clone, Default)]
pub struct Redactor {
    token: Option<Secret>,
    /// What to look for, and whether it stands for the token; longest first.
    needles: Vec<(String, bool)>,
    /// What came to be known on the way, shared by all copies.
    learned: Arc<RwLock<Vec<String>>>,
}

impl Redactor {
    /// A redactor for a token and for URLs that may carry a user name and a password.
    pub fn new<'a>(token: Option<&Secret>, urls: impl IntoIterator<Item = &'a str>) -> Self {
        let mut made = Self { token: token.cloned(), needles: Vec::new(), learned: Arc::default() };
        if let Some(token) = token {
            made.add(token.expose(), true);
            let basic = base64::encode(token.expose().as_bytes());
            made.add(basic.trim_end_matches('='), false);
            made.add(&basic, false);
            if let Some((_, password)) = token.expose().split_once(':')
                && password != FACTORY_PASSWORD
            {
                made.add(password, false);
            }
        }
        for userinfo in urls.into_iter().filter_map(userinfo) {
            made.add(userinfo, false);
            if let Some((_, password)) = userinfo.split_once(':') {
                made.add(password, false);
                made.add(&percent_decoded(password), false);
            }
            let decoded = percent_decoded(userinfo);
            made.add(&base64::encode(decoded.as_bytes()), false);
            made.add(&decoded, false);
        }
        made.needles.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        made
    }

    /// Takes up one more secret, in this and every copy. Texts of blanks alone are no secrets.
    pub fn learn(&self, secret: &str) {
        if secret.trim().len() < SHORTEST || secret == FACTORY_PASSWORD {
            return;
        }
        let quoted = Value::from(secret).to_string();
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        for form in [secret, quoted.trim_matches('"')] {
            if self.needles.iter().map(|(known, _)| known).chain(learned.iter()).all(|known| known != form) {
                learned.push(form.to_owned());
            }
        }
        learned.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    /// Every needle there is by now; the longest first.
    fn known(&self) -> Cow<'_, [(String, bool)]> {
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        if learned.is_empty() {
            return Cow::Borrowed(&self.needles);
        }
        let mut all = self.needles.clone();
        all.extend(learned.iter().map(|needle| (needle.clone(), false)));
        all.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        Cow::Owned(all)
    }

    fn add(&mut self, needle: &str, is_token: bool) {
        let quoted = Value::from(needle).to_string();
        for form in [needle, quoted.trim_matches('"')] {
            if form.len() >= SHORTEST && self.needles.iter().all(|(known, _)| known != form) {
                self.needles.push((form.to_owned(), is_token));
            }
        }
    }

    /// The token of the run.
    pub(super) fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// The text without secrets; borrowed when there are none in it.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known();
        if !occurs(&known, text) {
            return Cow::Borrowed(text);
        }
        let clean = STAND_INS
            .iter()
            .map(|&(token, other)| replace(&known, text, token, other))
            .find(|replaced| !occurs(&known, replaced));
        Cow::Owned(clean.unwrap_or_else(|| "***".to_owned()))
    }

    /// Removes secrets from every string and every key inside a value.
    pub fn redact_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.redact(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_value(item)),
            Value::Object(map) => {
                map.values_mut().for_each(|item| self.redact_value(item));
                if map.keys().any(|key| self.occurs_in(key)) {
                    let members = std::mem::take(map).into_iter();
                    *map = members.map(|(key, item)| (self.redact(&key).into_owned(), item)).collect();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn occurs_in(&self, text: &str) -> bool {
        occurs(&self.known(), text)
    }
}

fn occurs(needles: &[(String, bool)], text: &str) -> bool {
    needles.iter().any(|(needle, _)| text.contains(needle.as_str()))
}

fn replace(needles: &[(String, bool)], text: &str, token: &str, other: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    // The leftmost needle is next; of several that begin there, the longest, which is listed first.
    while let Some((at, needle, is_token)) = needles
        .iter()
        .filter_map(|(needle, is_token)| rest.find(needle.as_str()).map(|at| (at, needle, *is_token)))
        .min_by_key(|&(at, ..)| at)
    {
        made.push_str(&rest[..at]);
        made.push_str(if is_token { token } else { other });
        rest = &rest[at + needle.len()..];
    }
    made.push_str(rest);
    made
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} texts)", self.needles.len())
    }
}

/// The part of a URL before the `@` of its authority.
pub(super) fn userinfo(url: &str) -> Option<&str> {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next()?;
    authority.rsplit_once('@').map(|(userinfo, _)| userinfo)
}

fn percent_decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code =
            digit(after.first()).zip(digit(after.get(1))).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
        let code = code.filter(|_| first == b'%');
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of_token(token: &str) -> Redactor {
        Redactor::new(Some(&Secret::new(token)), [])
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("root:hunter22");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.bearer(), "Bearer root:hunter22");
        assert!(!format!("{:?}", of_token("root:hunter22")).contains("hunter22"));
    }

    #[test]
    fn the_token_its_password_and_its_basic_form_are_replaced() {
        let redactor = of_token("root:hunter22");
        assert_eq!(redactor.redact("Bearer root:hunter22, hunter22"), "Bearer $MILVUS_TOKEN, ***");
        assert_eq!(redactor.redact("Basic cm9vdDpodW50ZXIyMg=="), "Basic ***");
        assert_eq!(redactor.redact("root alone is no secret"), "root alone is no secret");
    }

    #[test]
    fn the_factory_password_is_replaced_within_its_token_only() {
        let redactor = of_token("root:Milvus");
        assert_eq!(redactor.redact("root:Milvus on Milvus 2.6"), "$MILVUS_TOKEN on Milvus 2.6");
    }

    #[test]
    fn user_and_password_of_a_url_are_replaced_in_every_form() {
        let redactor = Redactor::new(None, ["http://me:p%40ss-word@proxy:3128/x", "http://host/a@b"]);
        assert_eq!(redactor.redact("via http://me:p%40ss-word@proxy:3128"), "via http://***@proxy:3128");
        assert_eq!(redactor.redact("me:p@ss-word and p@ss-word"), "*** and ***");
        assert_eq!(redactor.redact("host/a@b"), "host/a@b");
    }

    #[test]
    fn secrets_inside_json_text_and_json_values_are_replaced() {
        let redactor = of_token("root:a\"b\\c");
        assert_eq!(redactor.redact(r#"{"password":"a\"b\\c"}"#), r#"{"password":"***"}"#);
        let mut value = json!({"a": ["x root:a\"b\\c y", 1, null], "a\"b\\c": {"k": "a\"b\\c"}, "z": true});
        redactor.redact_value(&mut value);
        assert_eq!(value, json!({"a": ["x $MILVUS_TOKEN y", 1, null], "***": {"k": "***"}, "z": true}));
    }

    #[test]
    fn what_is_learned_on_the_way_is_known_to_every_copy() {
        let redactor = of_token("root:hunter22");
        let copy = redactor.clone();
        redactor.learn("Pw-1\"2");
        redactor.learn("   ");
        assert_eq!(copy.redact(r#"{"password":"Pw-1\"2"} hunter22    Pw-1"2"#), r#"{"password":"***"} ***    ***"#);
        assert_eq!(copy.redact("a   b"), "a   b", "blanks are no secret");
    }

    #[test]
    fn base64_agrees_with_the_examples_of_its_standard() {
        let forms = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, form) in forms.into_iter().enumerate() {
            assert_eq!(base64::encode(&b"foobar"[..length]), form);
        }
    }

    proptest! {
        #[test]
        fn a_redacted_text_never_holds_a_secret(
            token in "[a$M*<:]{4,8}|\\PC{4,12}",
            parts in prop::collection::vec("[a$M*<:]{0,3}|\\PC{0,5}", 0..5),
        ) {
            let redactor = of_token(&token);
            let clean = redactor.redact(&parts.join(&token)).into_owned();
            prop_assert!(!clean.contains(&token));
            if let Some((_, password)) = token.split_once(':').filter(|(_, password)| password.len() >= SHORTEST) {
                prop_assert!(password == FACTORY_PASSWORD || !clean.contains(password));
            }
            prop_assert!(matches!(redactor.redact(&clean), Cow::Borrowed(_)));
        }

        #[test]
        fn a_text_without_secrets_is_unchanged(text in "[a-z \"{}:,0-9é]{0,80}") {
            let redactor = of_token("root:PASSWORD");
            prop_assert!(matches!(redactor.redact(&text), Cow::Borrowed(same) if same == text));
            let mut value = json!({"k": text, "list": [text]});
            let before = value.clone();
            redactor.redact_value(&mut value);
            prop_assert_eq!(value, before);
        }
    }
}
