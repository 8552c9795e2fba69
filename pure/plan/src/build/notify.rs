//! The table of who is told, from a tree without mistakes.

use super::{list, required};
use crate::tree::NotifyTable;
use city::{Matter, NoticeForm, Notify, Receiver, Severity};

pub(super) fn build_notify(notify: NotifyTable) -> Option<Notify> {
    let to = required(notify.to)?;
    let usual = match to {
        Receiver::Mail { .. } | Receiver::Syslog { .. } => NoticeForm::Text,
        Receiver::Webhook(_) | Receiver::File(_) => NoticeForm::Json,
    };
    let mut what = list(notify.what);
    if what.is_empty() {
        what = vec![Matter::Findings, Matter::Incidents];
    }
    Some(Notify {
        id: required(notify.id)?,
        name: required(notify.name)?,
        to,
        form: notify.form.take().unwrap_or(usual),
        severity: notify.severity.take().unwrap_or(Severity::Medium),
        what,
        detail: notify.detail.take().unwrap_or(false),
        login: notify.login.take(),
        token: notify.token.take(),
        authority: notify.authority.take().map(|path| path.0),
    })
}
