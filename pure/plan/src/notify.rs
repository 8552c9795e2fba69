//! Who is told: that nothing internal goes over an open line, and that every key means something.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    tree::{NotifyTable, Table, Tree},
    value::is_local,
};
use city::{Carrier, NoticeForm, Receiver};

pub(crate) fn check_notify(tree: &Tree, flaws: &mut Flaws) {
    tree.notify.iter().for_each(|notify| check_one(notify, flaws));
}

fn check_one(notify: &NotifyTable, flaws: &mut Flaws) {
    let Some(to) = notify.to.get() else { return };
    let detail = notify.detail.get().is_some_and(|detail| detail.value);
    let (open, remedy) = match &to.value {
        Receiver::Webhook(url) => (url.starts_with("http://") && !is_local(url), "write `webhook:https://`"),
        Receiver::Syslog { carrier: Carrier::Tcp | Carrier::Udp, server } => (
            detail && !is_local(&format!("syslog://{server}")),
            "write `syslog:tls://`, or leave `detail` out",
        ),
        Receiver::Mail { .. } | Receiver::Syslog { .. } | Receiver::File(_) => (false, ""),
    };
    if open {
        let why = "what is told, internal detail with it, would go over an open line";
        flaws.push(Flaw::error(Code::BadValue, to.span, why).help(remedy));
    }
    if let Some(form) = notify.form.get()
        && matches!(to.value, Receiver::Mail { .. })
        && form.value != NoticeForm::Text
    {
        let why = format!("people read mail, and `{}` is for tools", form.value.as_str());
        let flaw = Flaw::error(Code::Conflict, form.span, why);
        flaws.push(flaw.help("write `form = \"text\"`, or have the tool told over a webhook or syslog"));
    }
    let is_mail = matches!(to.value, Receiver::Mail { .. });
    let is_webhook = matches!(to.value, Receiver::Webhook(_));
    let is_tls = match &to.value {
        Receiver::Mail { .. } => true,
        Receiver::Webhook(url) => url.starts_with("https://"),
        Receiver::Syslog { carrier, .. } => *carrier == Carrier::Tls,
        Receiver::File(_) => false,
    };
    let unused = [
        (!is_mail && !is_webhook).then(|| notify.login.get().map(|at| ("login", at.span))),
        (!is_webhook).then(|| notify.token.get().map(|at| ("token", at.span))),
        (!is_tls).then(|| notify.authority.get().map(|at| ("authority", at.span))),
    ];
    for (key, span) in unused.into_iter().flatten().flatten() {
        let why = format!("`{key}` means nothing to such a receiver");
        flaws.push(Flaw::warning(Code::Unused, span, why).help("take it out"));
    }
    if is_webhook && notify.token.is_left_out() && notify.login.is_left_out() {
        let span = notify.id.get().map_or(notify.header(), |id| id.span);
        let why = "whoever knows this webhook's address can tell it anything in the city's name";
        let help = "write `token`: what is sent is then signed with it (HMAC-SHA256)";
        flaws.push(Flaw::warning(Code::Unused, span, why).help(help));
    }
}
