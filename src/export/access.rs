//! What stands between us and the server that is written to.

use tokio_postgres::Client;

use crate::export::error::ExportError;
use crate::export::server_error::{Doing, explain};
use crate::export::target::Target;
use crate::model::state::Guarantee;

/// How one connection reaches a server, as far as that changes what a capture is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// A session on the server that is written to.
    Direct,
    /// Through a transaction pooler: each transaction may meet another session.
    Pooled,
    /// A session on a standby, which is behind.
    Standby,
}

impl Access {
    /// What the manifest calls the guarantee of a capture: all rows at one instant, of what this source
    /// showed.
    pub(super) fn guarantee(self) -> Guarantee {
        match self {
            Self::Direct => Guarantee::Transactional,
            Self::Pooled => Guarantee::TransactionalPooled,
            Self::Standby => Guarantee::TransactionalStandby,
        }
    }

    /// What the user should know of it.
    pub(super) async fn of(
        client: &Client,
        target: &Target,
        note: &mut dyn FnMut(String),
    ) -> Result<Self, ExportError> {
        let sql = "select pg_is_in_recovery(), \
                   extract(epoch from now() - pg_last_xact_replay_timestamp())::float8";
        let row = client.query_typed_one(sql, &[]).await;
        let row = row.map_err(|err| explain(&err, Doing::Session))?;
        if row.get(0) {
            let behind: Option<f64> = row.get(1);
            let behind = behind.map_or("by how much, it does not say".to_string(), |s| {
                format!("its last transaction is {:.0} s old", s.max(0.0))
            });
            note(format!(
                "a standby: it may be behind its primary ({behind}), and long reads may be cancelled there; \
                 rows that come late are asked for by the next capture"
            ));
            return Ok(Self::Standby);
        }
        if target.pooled {
            note(
                "a transaction pooler: one connection, in one transaction; sessions are not ours to keep. \
                 The session pooler (port 5432) or a direct connection allows --jobs"
                    .to_string(),
            );
            return Ok(Self::Pooled);
        }
        Ok(Self::Direct)
    }
}
