//! What the name of a key says about its value (domain/worker-app.md 1.11).

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Something a person wrote: a prompt, a name, a caption. Everything below it too.
    Text,
    /// A URL, a path or the name of a file; a word alone is one too.
    Media,
    /// The same, but a word alone may be a machine's (`"location": "EU-NO-1"`).
    Place,
    /// The id of an account.
    Person,
    /// Somebody, by id or by a word such as `service`: only ids are personal.
    Owner,
    /// A mail address.
    Email,
    /// An internet address.
    Address,
    /// The parameters of a request, inside something else.
    Payload,
    /// Copies of a request, of which only the keys of the allow-list are kept.
    Listed,
    /// On the allow-list.
    Kept,
}

/// Endings and whole names, lower case and without separators; the first that fits decides.
const ENDINGS: &[(&str, Class)] = &[
    ("userid", Class::Person),
    ("userids", Class::Person),
    ("useruuid", Class::Person),
    ("ownerid", Class::Person),
    ("authorid", Class::Person),
    ("creatorid", Class::Person),
    ("customerid", Class::Person),
    ("accountid", Class::Person),
    ("taskowner", Class::Owner),
    ("projectowner", Class::Owner),
    ("callerid", Class::Person),
    ("email", Class::Email),
    ("emails", Class::Email),
    ("emailaddress", Class::Email),
    ("ipaddress", Class::Address),
    ("clientip", Class::Address),
    ("publicip", Class::Address),
    ("remoteip", Class::Address),
    ("realip", Class::Address),
    ("sourceip", Class::Address),
    ("connectingip", Class::Address),
    ("remoteaddr", Class::Address),
    ("forwardedfor", Class::Address),
    ("prompt", Class::Text),
    ("prompts", Class::Text),
    ("promptsexpanded", Class::Text),
    ("caption", Class::Text),
    ("captions", Class::Text),
    ("lyrics", Class::Text),
    ("transcript", Class::Text),
    ("username", Class::Text),
    ("fullname", Class::Text),
    ("firstname", Class::Text),
    ("lastname", Class::Text),
    ("nickname", Class::Text),
    ("shotname", Class::Text),
    ("projectname", Class::Text),
    ("useragent", Class::Text),
    ("phone", Class::Text),
    ("phonenumber", Class::Text),
    ("instructions", Class::Text),
    ("filename", Class::Media),
    ("filenames", Class::Media),
    ("url", Class::Place),
    ("urls", Class::Place),
    ("uri", Class::Place),
    ("uris", Class::Place),
    ("path", Class::Place),
    ("paths", Class::Place),
    ("image", Class::Media),
    ("images", Class::Media),
    ("video", Class::Media),
    ("videos", Class::Media),
    ("audio", Class::Media),
    ("mask", Class::Media),
    ("thumbnail", Class::Media),
    ("avatar", Class::Media),
    ("lora", Class::Media),
    ("loras", Class::Media),
    ("location", Class::Place),
    ("referrer", Class::Place),
];

const NAMES: &[(&str, Class)] = &[
    ("uid", Class::Person),
    ("user", Class::Owner),
    ("users", Class::Owner),
    ("owner", Class::Owner),
    ("author", Class::Owner),
    ("creator", Class::Owner),
    ("createdby", Class::Owner),
    ("requestedby", Class::Owner),
    ("submittedby", Class::Owner),
    ("customer", Class::Owner),
    ("account", Class::Owner),
    ("mail", Class::Email),
    ("ip", Class::Address),
    ("title", Class::Text),
    ("description", Class::Text),
    ("comment", Class::Text),
    ("comments", Class::Text),
    ("notes", Class::Text),
    ("bio", Class::Text),
    ("story", Class::Text),
    ("params", Class::Payload),
    ("parameters", Class::Payload),
    ("payload", Class::Payload),
    ("arguments", Class::Payload),
    ("orchestratordetails", Class::Listed),
    ("fullorchestratorpayload", Class::Listed),
    ("originalparams", Class::Listed),
    ("src", Class::Place),
    ("href", Class::Place),
];

/// The allow-list of domain/worker-app.md 1.11, and what DESIGN section 10 adds to it.
const KEPT_PARAMETERS: &[&str] = &[
    "orchestrationcontract",
    "orchestratortaskid",
    "orchestratortaskidref",
    "orchestratorrunid",
    "runid",
    "taskid",
    "parenttaskid",
    "sourcetaskid",
    "upscaletaskid",
    "segmentindex",
    "joinindex",
    "childorder",
    "isfirstsegment",
    "islastsegment",
    "issingleitem",
    "numnewsegmentstogenerate",
    "skipgeneration",
    "createasgeneration",
    "basedon",
    "parentgenerationid",
    "childgenerationid",
    "generationid",
    "modelname",
    "model",
    "numframes",
    "resolution",
    "varianttype",
    "createdfrom",
];

/// What machines write about themselves (domain/orchestrator.md 1.3, domain/worker-app.md 1.3 and 5).
const KEPT_DETAILS: &[&str] = &[
    "orchestratorstatus",
    "runpodid",
    "port",
    "ports",
    "ramtier",
    "storagevolume",
    "ready",
    "promotedtoactiveat",
    "promotionreason",
    "startupscriptlaunched",
    "startupscriptlaunchedat",
    "startupphase",
    "readyfortasks",
    "vramtotalmb",
    "vramusedmb",
    "vramtimestamp",
    "errorreason",
    "errortime",
    "errorcode",
    "terminatedat",
    "terminationreason",
    "terminatedby",
    "selfterminated",
    "type",
    "workerbackend",
    "workerprofile",
    "workerpool",
    "workerrunid",
    "maxlifetimesec",
    "id",
    "timestamp",
    "workerid",
    "collectionsuccess",
    "lastheartbeat",
    "workerstatus",
    "workercreatedat",
    "vramusagepercent",
    "runningtaskscount",
    "tasktype",
    "startedat",
    "ageseconds",
    "desiredstatus",
    "actualstatus",
    "uptimeseconds",
    "costperhr",
    "gitcommit",
    "gitbranch",
    "effectiveagesec",
    "heartbeatagesec",
    "startupgraceperiodsec",
    "readynotclaimingtimeoutsec",
    "gpunotdetectedtimeoutsec",
    "gpuidletimeoutsec",
    "spawningtimeoutsec",
    "haseverclaimed",
    "hasactivetask",
    "lifecycle",
    "module",
    "funcname",
    "lineno",
    "pathname",
    "thread",
    "threadname",
    "runtype",
    "samemodelonly",
    "maxtaskwaitminutes",
    "status",
    "oldstatus",
    "newstatus",
    "currentstatus",
    "requestedstatus",
    "allowedtransitions",
    "mode",
    "reason",
    "code",
    "cascadedcount",
    "cascadedtaskids",
    "hasthumbnail",
    "followupissuecount",
    "existinggenerationid",
    "action",
    "recoverable",
    "isorchestratortask",
    "isstitchtask",
];

impl Class {
    /// The class of a key's name in any spelling: `userId`, `user-id`, `USER_ID`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let plain = plain(name);
        let named = KNOWN.names.get(plain.as_str());
        let ending = || {
            let endings = KNOWN.endings.get(plain.as_bytes().last()?)?;
            endings.iter().find(|(known, _)| plain.ends_with(known)).map(|(_, class)| class)
        };
        named.or_else(ending).copied()
    }

    /// Whether the allow-list names a key. Machines' own words are known only in their own JSON.
    pub(super) fn is_kept(name: &str, details: bool) -> bool {
        let plain = plain(name);
        let plain = plain.as_str();
        let of_ids = ["taskid", "taskids", "generationid", "generationids"];
        KNOWN.kept_parameters.contains(plain)
            || of_ids.iter().any(|ending| plain.ends_with(ending))
            || (details && KNOWN.kept_details.contains(plain))
    }
}

/// The lists above, so that a name is not held against each of theirs.
struct KnownNames {
    names: FxHashMap<&'static str, Class>,
    /// By their last letter, in their order.
    endings: FxHashMap<u8, Vec<(&'static str, Class)>>,
    kept_parameters: FxHashSet<&'static str>,
    kept_details: FxHashSet<&'static str>,
}

static KNOWN: LazyLock<KnownNames> = LazyLock::new(|| {
    let mut endings: FxHashMap<u8, Vec<(&'static str, Class)>> = FxHashMap::default();
    for (ending, class) in ENDINGS {
        let last = ending.as_bytes().last().copied().unwrap_or_default();
        endings.entry(last).or_default().push((ending, *class));
    }
    KnownNames {
        names: NAMES.iter().copied().collect(),
        endings,
        kept_parameters: KEPT_PARAMETERS.iter().copied().collect(),
        kept_details: KEPT_DETAILS.iter().copied().collect(),
    }
});

/// The longest name that is looked at: a longer one is no name.
const NAME_BYTES_MAX: usize = 64;

fn plain(name: &str) -> String {
    let letters = name.trim().chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' '));
    letters.take(NAME_BYTES_MAX).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_every_spelling() {
        for name in ["user_id", "userId", "USER-ID", "User ID", "metadata.user_id"] {
            assert_eq!(Class::of(name), Some(Class::Person), "{name}");
        }
        for name in ["negative_prompt", "basePrompts", "base_prompts_expanded", "enhanced-prompt"] {
            assert_eq!(Class::of(name), Some(Class::Text), "{name}");
        }
        for name in
            ["model_name", "num_frames", "runpod_id", "worker_id", "seed", "pathname", "zip"]
        {
            assert_eq!(Class::of(name), None, "{name}");
        }
        for (ending, class) in ENDINGS {
            let first = ENDINGS.iter().find(|(other, _)| ending.ends_with(other));
            let name = format!("some_{ending}");
            assert_eq!(Class::of(&name), first.map(|(_, class)| *class), "{name} {class:?}");
        }
        for (name, class) in NAMES {
            assert_eq!(Class::of(&name.to_uppercase()), Some(*class), "{name}");
        }
        assert!(Class::is_kept("orchestrator_task_id_ref", false));
        assert!(Class::is_kept("input_generation_ids", false));
        assert!(!Class::is_kept("lineno", false) && Class::is_kept("lineno", true));
    }
}
