//! Tests of the trace as a whole.

mod calls;
mod cost;
mod driver;
mod engine;
mod forked;
mod killed;
mod load;
mod mapping;
mod protobuf;
mod recorder;
mod scene;
mod schema;
mod view;
