//! What a guest has of the values: a bucket.

/// The resource `bucket`.
#[derive(Clone, Copy, Debug)]
pub struct Bucket;
