//! What a person sees of work on many images.

use crate::ambient::{Context, Progress};

/// Fewer are over before anybody wonders.
const MANY: usize = 4;

struct Unseen;

impl Progress for Unseen {
    fn advance(&self, _amount: u64) {}
}

/// Shows how many of `count` images are done, where they are many.
pub(super) fn of_images(context: &Context, what: &str, count: usize) -> Box<dyn Progress> {
    if count < MANY {
        return Box::new(Unseen);
    }
    context.ui.progress(what, u64::try_from(count).ok())
}
