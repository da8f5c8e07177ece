//! The steps of groups.

use os_session::Store as _;

use super::check::{Run, Verdict, ask, group, same, user};
use super::operations::Operation;
use crate::backends::Backend;

impl<B: Backend> Run<B> {
    pub(super) async fn groups(&mut self, operation: &Operation) -> Verdict {
        match *operation {
            Operation::CreateGroup { which, group: number } => {
                ask!(self, which, create_group(group(number)))?;
                self.model.groups.insert(group(number));
                Ok(())
            }
            Operation::AllGroups { which } => {
                let known: Vec<_> = self.model.groups.iter().map(|&name| name.to_owned()).collect();
                same("all_groups", ask!(self, which, all_groups())?, known)
            }
            Operation::Join { which, user: member, group: number } => {
                let (member, number) = (user(member), group(number));
                let added = ask!(self, which, add_to_group(&member.into(), number))?;
                if self.model.groups.contains(number) {
                    self.model.members.insert((member, number));
                }
                same("add_to_group", added, self.model.groups.contains(number))
            }
            Operation::Leave { which, user: member, group: number } => {
                let (member, number) = (user(member), group(number));
                let removed = ask!(self, which, remove_from_group(&member.into(), number))?;
                self.model.members.remove(&(member, number));
                same("remove_from_group", removed, self.model.groups.contains(number))
            }
            Operation::IsIn { which, user: member, group: number } => {
                let (member, number) = (user(member), group(number));
                let is_in = ask!(self, which, in_group(&member.into(), number))?;
                same("in_group", is_in, self.model.members.contains(&(member, number)))
            }
            _ => unreachable!("the other operations are none of groups"),
        }
    }
}
