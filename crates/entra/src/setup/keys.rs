//! The registration's list of certificates, as the signed-in admin sees it: which id it gave to one of ours, and taking
//! out ours that another one has replaced.

use super::error::SetupError;
use super::run::kept;
use super::settle;
use crate::connection::ConnectionRecord;
use crate::graph::{GraphError, GraphErrorKind};
use crate::id::KeyId;
use crate::oauth::AdminSession;

/// Waits until the tenant lists the certificate of this thumbprint, and answers the id it is listed under.
pub async fn listed_certificate(
    session: &AdminSession,
    record: &ConnectionRecord,
    thumbprint: [u8; 32],
) -> Result<Option<KeyId>, SetupError> {
    let graph = session.graph();
    let seen = settle(session.http().clock(), || async move {
        match graph.application(record.application_id).await {
            Ok(application) => {
                let listed = application.key_credentials.iter().find(|key| key.thumbprint() == Some(thumbprint));
                Ok(listed.map(|key| key.key_id))
            }
            Err(error) if error.kind() == GraphErrorKind::Absent => Ok(None),
            Err(error) => Err(error),
        }
    })
    .await?;
    seen.ok_or(SetupError::StillReplicating)
}

/// Takes certificates out of the list. Only what is named goes; where none of it is listed nothing is written.
pub async fn remove_certificates(
    session: &AdminSession,
    record: &ConnectionRecord,
    replaced: &[[u8; 32]],
) -> Result<(), GraphError> {
    let graph = session.graph();
    let application = graph.application(record.application_id).await?;
    let goes = |thumbprint: Option<[u8; 32]>| thumbprint.is_some_and(|thumbprint| replaced.contains(&thumbprint));
    let stays: Vec<_> = application.key_credentials.iter().filter(|key| !goes(key.thumbprint())).map(kept).collect();
    if stays.len() == application.key_credentials.len() {
        return Ok(());
    }
    graph.replace_keys(record.application_id, &stays).await
}
