//! What a kind of caller can reach.

use crate::access::{AccessRow, AccessTable, What};
use crate::declaration::{Declaration, Verdict};
use crate::expression::{Answers, Atom};
use crate::group::GroupSet;

/// Whether a rule lets a kind of caller in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    Never,
    Always,
    /// That is for these policies to say.
    DependsOn(Vec<&'static str>),
}

impl Reach {
    /// For somebody who is connected and in these groups, whatever policies say beyond what they said already. Tries all that they
    /// may say: there are at most sixteen parts in a rule.
    pub(crate) fn of_user(rule: &Declaration, groups: &GroupSet, said: Answers) -> Self {
        let open: Vec<_> = policies(rule).into_iter().filter(|(_, number)| said.of(*number).is_none()).collect();
        let admits = |saying: u32| {
            let answer = |answers: Answers, (bit, (_, number)): (usize, &(&str, u8))| {
                answers.with(*number, saying & 1 << bit != 0)
            };
            let answers = open.iter().enumerate().fold(said, answer);
            rule.verdict(groups, answers) == Verdict::Admitted
        };
        let admitted: Vec<bool> = (0..1 << open.len()).map(admits).collect();
        match (admitted.contains(&true), admitted.contains(&false)) {
            (false, _) => Self::Never,
            (true, false) => Self::Always,
            (true, true) => {
                let matters =
                    |bit: &usize| (0..admitted.len()).any(|saying| admitted[saying] != admitted[saying ^ 1 << bit]);
                Self::DependsOn((0..open.len()).filter(matters).map(|bit| open[bit].0).collect())
            }
        }
    }
}

/// The policies of a rule and their numbers, each once.
fn policies(rule: &Declaration) -> Vec<(&'static str, u8)> {
    let mut policies: Vec<_> = rule
        .atoms()
        .into_iter()
        .filter_map(|atom| match atom {
            Atom::Policy(name, number) => Some((name, number)),
            Atom::Group(_) => None,
        })
        .collect();
    policies.sort_by_key(|(_, number)| *number);
    policies.dedup();
    policies
}

impl AccessTable {
    /// What somebody can reach who is connected, is in just these groups and proved lately who they are: public routes too. Where
    /// it depends on policies, the line is there and [names them](AccessRow::depends_on).
    ///
    /// A group that no rule names makes no difference.
    ///
    /// ```
    /// use os_session::routing::{Router, get};
    /// use os_session::{UserId, connected, policy};
    ///
    /// #[policy]
    /// async fn owns_document(user: UserId) -> bool {
    ///     user.as_str() == "alice"
    /// }
    ///
    /// #[connected(allow = "admin" | owns_document)]
    /// async fn document() {}
    ///
    /// let router: Router = Router::new().route("/document", get(document));
    /// let table = router.access_table();
    /// let reached = table.reachable_by(&[]);
    /// assert_eq!(reached.routes().next().unwrap().depends_on, ["owns_document"]);
    /// let reached = table.reachable_by(&["admin"]);
    /// assert!(reached.routes().next().unwrap().depends_on.is_empty());
    /// ```
    #[must_use]
    pub fn reachable_by(&self, groups: &[&str]) -> Self {
        let groups = groups.iter().collect();
        self.reachable(|rule| Reach::of_user(rule, &groups, Answers::default()))
    }

    /// What somebody can reach who is not connected.
    #[must_use]
    pub fn reachable_unconnected(&self) -> Self {
        self.reachable(|rule| if rule.requires_connection() { Reach::Never } else { Reach::Always })
    }

    fn reachable(&self, reach: impl Fn(&Declaration) -> Reach) -> Self {
        let reached = |row: &AccessRow| {
            let reach = match row.what {
                What::Declared(rule) => reach(rule),
                What::Open(_) => Reach::Always,
            };
            let depends_on = match reach {
                Reach::Never => return None,
                Reach::Always => Vec::new(),
                Reach::DependsOn(policies) => policies,
            };
            Some(AccessRow { depends_on, ..row.clone() })
        };
        Self { rows: self.rows.iter().filter_map(reached).collect() }
    }
}
