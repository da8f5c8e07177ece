use os_session::connected;

#[connected(fresh)]
async fn a() {}

#[connected(fresh = 15)]
async fn b() {}

#[connected(fresh = "15 minutes")]
async fn c() {}

#[connected(fresh = "0s")]
async fn d() {}

#[connected(opt, fresh = "15min")]
async fn e() {}

#[connected(opt, force_unconnected, fresh = "15min")]
async fn f() {}

fn main() {}
