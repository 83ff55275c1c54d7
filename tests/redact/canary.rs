//! Canaries: values that stand nowhere else, each planted once, and the search for them.

use aho_corasick::AhoCorasick;

/// What a canary pretends to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    // secrets by their own shape
    Jwt,
    SupabaseKey,
    SupabaseToken,
    RunpodKey,
    OpenAiKey,
    StripeKey,
    WebhookSecret,
    GithubToken,
    GithubPat,
    HuggingfaceToken,
    AwsKey,
    GoogleKey,
    SlackToken,
    PrivateKey,
    // a secret by its key or its place
    Password,
    // personal data
    User,
    Email,
    Words,
    Word,
    Ip,
}

/// Secrets that betray themselves wherever they stand.
pub(crate) const SHAPED: [Kind; 14] = [
    Kind::Jwt,
    Kind::SupabaseKey,
    Kind::SupabaseToken,
    Kind::RunpodKey,
    Kind::OpenAiKey,
    Kind::StripeKey,
    Kind::WebhookSecret,
    Kind::GithubToken,
    Kind::GithubPat,
    Kind::HuggingfaceToken,
    Kind::AwsKey,
    Kind::GoogleKey,
    Kind::SlackToken,
    Kind::PrivateKey,
];

/// One canary: what is searched for, and where it was planted.
struct Planted {
    cores: Vec<String>,
    place: String,
}

/// All canaries of one test.
#[derive(Default)]
pub(crate) struct Cage {
    planted: Vec<Planted>,
}

impl Cage {
    /// How many were planted.
    pub(crate) fn count(&self) -> usize {
        self.planted.len()
    }

    /// A new value of that kind.
    pub(crate) fn value(&mut self, kind: Kind, place: &str) -> String {
        let n = self.planted.len();
        let core = format!("cnry{n:06}z");
        let filler = "A1b2C3d4E5f6G7h8";
        let (value, cores) = match kind {
            Kind::Jwt => (format!("eyJhbGciOiJIUzI1NiJ9.eyJ{core}{filler}.c2ln{core}"), vec![core]),
            Kind::SupabaseKey => (format!("sb_secret_{core}{filler}"), vec![core]),
            Kind::SupabaseToken => (format!("sbp_{core}{filler}{filler}"), vec![core]),
            Kind::RunpodKey => (format!("rpa_{core}{filler}"), vec![core]),
            Kind::OpenAiKey => (format!("sk-proj-{core}{filler}"), vec![core]),
            Kind::StripeKey => (format!("sk_live_{core}{filler}"), vec![core]),
            Kind::WebhookSecret => (format!("whsec_{core}{filler}"), vec![core]),
            Kind::GithubToken => (format!("ghp_{core}{filler}{filler}"), vec![core]),
            Kind::GithubPat => (format!("github_pat_{core}_{filler}"), vec![core]),
            Kind::HuggingfaceToken => (format!("hf_{core}{filler}"), vec![core]),
            Kind::AwsKey => (format!("AKIA{:0<16}", core.to_uppercase()), vec![core]),
            Kind::GoogleKey => (format!("AIza{core}{filler}{filler}"), vec![core]),
            Kind::SlackToken => (format!("xoxb-{core}-{filler}"), vec![core]),
            Kind::PrivateKey => (pem(&core), vec![core]),
            Kind::Password => (format!("{core}Pw9"), vec![core]),
            Kind::User => {
                let id = format!("ca9a97fe-c0de-4bad-8bad-{n:012}");
                (id.clone(), vec![id.replace('-', ""), id])
            }
            Kind::Email => (format!("{core}.doe@mail.example.com"), vec![core]),
            Kind::Words => (format!("a fox, {core} in the snow"), vec![core]),
            Kind::Word => (core.clone(), vec![core]),
            Kind::Ip => {
                let part = |by: usize| 100 + n / by % 100;
                let ip = format!("77.{}.{}.{}", part(10_000), part(100), part(1));
                (ip.clone(), vec![ip])
            }
        };
        self.planted.push(Planted { cores, place: format!("{n} {kind:?} in {place}") });
        value
    }

    /// A text with a new value of that kind in the place of each `@@`.
    pub(crate) fn fill(&mut self, kind: Kind, template: &str, place: &str) -> String {
        let mut parts = template.split("@@");
        let mut out = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let value = self.value(kind, &format!("{place}: {template}"));
            // a line end in a literal is written as an escape
            let literal = template.contains(['{', '\'']) || template.contains("\\n");
            out.push_str(&if literal { value.replace('\n', "\\n") } else { value });
            out.push_str(part);
        }
        out
    }

    /// Where canaries show up in these bytes, in any case, in base64 or in hex.
    pub(crate) fn leaks(&self, hay: &Hay) -> Vec<String> {
        let mut needles = Vec::new();
        let mut owner = Vec::new();
        for (at, planted) in self.planted.iter().enumerate() {
            for core in &planted.cores {
                let mut forms = base64(core.as_bytes());
                forms.push(core.clone());
                forms.push(core.bytes().map(|b| format!("{b:02x}")).collect());
                owner.extend(forms.iter().map(|_| at));
                needles.extend(forms);
            }
        }
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&needles);
        let finder = finder.expect("a search for canaries");
        let mut leaks: Vec<String> = Vec::new();
        for (name, bytes) in &hay.0 {
            for hit in finder.find_overlapping_iter(bytes) {
                let place = &self.planted[owner[hit.pattern().as_usize()]].place;
                let from = hit.start().saturating_sub(60);
                let to = bytes.len().min(hit.end() + 30);
                let near = String::from_utf8_lossy(&bytes[from..to]);
                leaks.push(format!("{place}\n    in {name}: ...{near}..."));
            }
        }
        leaks.sort();
        leaks.dedup();
        leaks
    }
}

/// Everything that is searched, by name.
#[derive(Default)]
pub(crate) struct Hay(pub(crate) Vec<(String, Vec<u8>)>);

impl Hay {
    pub(crate) fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((name.into(), bytes.into()));
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

fn pem(core: &str) -> String {
    let line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ";
    format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{line}\n{core}QyNTUxOQAAACBLaw\n-----END OPENSSH PRIVATE KEY-----"
    )
}

/// Base64 of a text that begins at any of the three places in a group.
fn base64(bytes: &[u8]) -> Vec<String> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encoded = |skip: usize| {
        let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        // the first letters share bits with whatever stands before
        let bits: Vec<u8> = bits.skip(skip).collect();
        let groups = bits.chunks_exact(6);
        let number = |group: &[u8]| group.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit));
        groups.map(|group| LETTERS[number(group)] as char).collect::<String>()
    };
    vec![encoded(0), encoded(4), encoded(2)]
}

#[test]
fn a_canary_is_found_in_every_dress() {
    let mut cage = Cage::default();
    let value = cage.value(Kind::Email, "a test");
    let core = value.split('.').next().expect("a core").to_string();
    let packed = ["Y25yeTAwMDAwMHo", "xjbnJ5MDAwMDAwe", "eHhjbnJ5MDAwMDAweg"];
    for text in [value.to_uppercase(), format!("x{core}")].iter().map(String::as_str).chain(packed)
    {
        let mut hay = Hay::default();
        hay.add("here", text.as_bytes());
        assert_eq!(cage.leaks(&hay).len(), 1, "{text}");
    }
    let mut hay = Hay::default();
    hay.add("here", "cnry000001z, ~email-0123456789abcdef~");
    assert!(cage.leaks(&hay).is_empty());
}
