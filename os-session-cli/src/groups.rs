//! Groups in the store's own tables.

use os_session::{Store, StoreError, UserId};

use crate::address::Address;
use crate::answer::{Answer, shown};
use crate::arguments::{Groups, Options};
use crate::opened::{self, with_store};

pub(crate) async fn run(command: Groups, address: &Address, options: &Options) -> Result<Answer, StoreError> {
    let opened = opened::open(address, options).await?;
    with_store!(&opened, store => match command {
        Groups::List => Ok(names(store.all_groups().await?)),
        Groups::Of { user } => of(store, &user.into()).await,
        Groups::Create { group } => {
            store.create_group(&group).await?;
            Ok(Answer::new("the group is there").with("group", group))
        }
        Groups::Add { user, group } => {
            let is_there = store.add_to_group(&user.into(), &group).await?;
            Ok(changed("the user is in the group", "there is no such group: `os-session groups create` makes it", is_there))
        }
        Groups::Remove { user, group } => {
            let is_there = store.remove_from_group(&user.into(), &group).await?;
            Ok(changed("the user is not in the group", "there is no such group", is_there))
        }
    })
}

async fn of(store: &impl Store, user: &UserId) -> Result<Answer, StoreError> {
    let mut of_the_user = Vec::new();
    for group in store.all_groups().await? {
        if store.in_group(user, &group).await? {
            of_the_user.push(group);
        }
    }
    Ok(names(of_the_user))
}

fn names(groups: Vec<String>) -> Answer {
    let lines: Vec<_> = groups.iter().map(|group| shown(group)).collect();
    let text = if lines.is_empty() { "no group".to_owned() } else { lines.join("\n") };
    Answer::new(text).with("groups", groups)
}

fn changed(done: &str, no_such_group: &str, is_there: bool) -> Answer {
    Answer::new(if is_there { done } else { no_such_group }).with("done", is_there).is(is_there)
}
