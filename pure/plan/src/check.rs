//! From text to a checked plan: every mistake is found, and a plan is built only if there is none.

use crate::{
    Plan, backups, build, conduits,
    diagnostic::{Code, Diagnostic, Flaw, Flaws, Places, Severity},
    exchange,
    files::{check_encoding, read_inventories, read_procedures},
    ids::Ids,
    networks, notify,
    reach::check_uses,
    recovery,
    source::SourceFile,
    suggest::Suggestions,
    tree::{Reading, Table, Tree},
};
use city::Text;

/// What checking a plan's text gave.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The plan; `None` if there are errors.
    pub plan: Option<Plan>,
    /// Every flaw, in the order of the files and of their places in them; at most some thousands.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// How many flaws of a severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

/// Checks the files of a plan's folder: every `*.toml`, and every `*.csv` and `*.md` that an `[[inventory]]` or a
/// `[[procedure]]` may name, in the order in which their declarations shall stand.
#[must_use]
pub fn check(files: &[SourceFile]) -> Checked {
    let mut flaws = Flaws::default();
    let mut suggestions = Suggestions::default();
    let mut tree = Tree::default();
    for (number, file) in (0..).zip(files) {
        if file.is_toml() {
            tree.broken |= !check_encoding(file, number, &mut flaws);
            tree.read_toml(&mut Reading {
                file: number,
                text: file.text(),
                flaws: &mut flaws,
                suggestions: &mut suggestions,
            });
        }
    }
    read_inventories(files, &mut tree, &mut flaws, &mut suggestions);
    read_procedures(files, &mut tree, &mut flaws, &mut suggestions);
    check_city(&tree, files, &mut flaws);
    let mut ids = Ids::new(&tree, &mut flaws, &mut suggestions);
    ids.check_references(&tree);
    networks::check_networks(&tree, &mut flaws);
    conduits::check_conduits(&tree, &mut flaws);
    recovery::check_services(&tree, &mut flaws);
    backups::check_backups(&tree, &mut flaws);
    exchange::check_peers(&tree, &mut flaws);
    notify::check_notify(&tree, &mut flaws);
    check_uses(&tree, &mut flaws);
    let mut places = Places::new(files);
    let place = |span| places.place(span).map(|place| (Text::from(place.file), place.line));
    let plan = if flaws.errors() == 0 { build::build(tree, place) } else { None };
    Checked { plan, diagnostics: flaws.into_diagnostics(files) }
}

fn check_city(tree: &Tree, files: &[SourceFile], flaws: &mut Flaws) {
    match tree.cities.as_slice() {
        [] if !tree.broken => {
            let why =
                if files.is_empty() { "there is no file of a plan here" } else { "the plan has no `[city]`" };
            let help = "write `[city]` with `name` and `time-zone` in one of its `.toml` files";
            flaws.push(Flaw::of_all(Code::Missing, why).help(help));
        }
        [first, others @ ..] => {
            for other in others {
                let flaw = Flaw::error(Code::DuplicateId, other.header(), "a plan has one `[city]`");
                flaws.push(flaw.related(first.header(), "here is another"));
            }
        }
        [] => {}
    }
}
