#![deny(warnings, missing_docs)]
//! Every form that is allowed.

use std::collections::HashSet;

use os_session::{Group, GroupName, Sessions, UserId, connected};

/// The groups.
#[derive(Group, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Team {
    /// `admin`
    Admin,
    /// `on-call`
    #[group("on-call")]
    OnCall,
    /// `night_shift`
    NightShift,
    /// `type`
    r#Type,
}

mod elsewhere {
    use os_session as renamed;

    #[derive(renamed::Group)]
    #[group(crate = renamed)]
    pub(crate) enum Role {
        Writer,
    }
}

#[connected(allow = Team::Admin | Team::OnCall & !Team::NightShift, deny = elsewhere::Role::Writer)]
async fn pager() {}

fn main() {
    let names: Vec<_> = Team::ALL.iter().map(GroupName::group_name).collect();
    assert_eq!(names, ["admin", "on-call", "night_shift", "type"]);
    assert_eq!(Team::OnCall.as_ref(), "on-call");
    assert_eq!(String::from(Team::NightShift), "night_shift");
    assert_eq!(elsewhere::Role::ALL.len(), 1);
    let _ = Sessions::builder().groups(Team::ALL, |_: UserId| async { HashSet::from([Team::Admin]) });
    let _ = pager;
}
