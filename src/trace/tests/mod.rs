//! Tests of the trace as a whole, with a strict reader of their own (`protobuf`, `schema`, `view`).

mod mapping;
mod protobuf;
mod scene;
mod schema;
mod view;
