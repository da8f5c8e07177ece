use os_session::policy;

#[policy]
struct OfficeHours;

fn main() {}
