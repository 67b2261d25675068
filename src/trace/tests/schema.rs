//! The messages of Perfetto that a trace of ours may have, with the fields of them that it may have.

use super::protobuf::{Schema, Type};
use Type::{Fixed64, Number, Text};

macro_rules! schema {
    ($name:ident: $($number:literal $field:literal $kind:expr),* $(,)?) => {
        pub(super) static $name: Schema = Schema {
            name: stringify!($name),
            fields: &[$(($number, $field, $kind)),*],
        };
    };
}

schema!(TRACE: 1 "packet" Type::Message(&PACKET));
schema!(PACKET:
    6 "clock_snapshot" Type::Message(&CLOCK_SNAPSHOT),
    8 "timestamp" Number,
    10 "trusted_packet_sequence_id" Number,
    11 "track_event" Type::Message(&TRACK_EVENT),
    12 "interned_data" Type::Message(&INTERNED_DATA),
    13 "sequence_flags" Number,
    58 "timestamp_clock_id" Number,
    59 "trace_packet_defaults" Type::Message(&DEFAULTS),
    60 "track_descriptor" Type::Message(&TRACK_DESCRIPTOR),
);
schema!(DEFAULTS: 58 "timestamp_clock_id" Number);
schema!(CLOCK_SNAPSHOT:
    1 "clocks" Type::Message(&CLOCK),
    2 "primary_trace_clock" Number,
);
schema!(CLOCK: 1 "clock_id" Number, 2 "timestamp" Number, 3 "is_incremental" Number);
schema!(INTERNED_DATA:
    1 "event_categories" Type::Message(&INTERNED),
    2 "event_names" Type::Message(&INTERNED),
    3 "debug_annotation_names" Type::Message(&INTERNED),
);
schema!(INTERNED: 1 "iid" Number, 2 "name" Text);
schema!(TRACK_DESCRIPTOR:
    1 "uuid" Number,
    2 "name" Text,
    3 "process" Type::Message(&PROCESS),
    4 "thread" Type::Message(&THREAD),
    5 "parent_uuid" Number,
    8 "counter" Type::Message(&COUNTER),
);
schema!(PROCESS: 1 "pid" Number, 6 "process_name" Text);
schema!(THREAD: 1 "pid" Number, 2 "tid" Number, 5 "thread_name" Text);
schema!(COUNTER:);
schema!(TRACK_EVENT:
    3 "category_iids" Number,
    4 "debug_annotations" Type::Message(&ANNOTATION),
    9 "type" Number,
    10 "name_iid" Number,
    11 "track_uuid" Number,
    23 "name" Text,
    30 "counter_value" Number,
    47 "flow_ids" Fixed64,
    48 "terminating_flow_ids" Fixed64,
    52 "correlation_id" Number,
);
schema!(ANNOTATION: 1 "name_iid" Number, 4 "int_value" Number, 6 "string_value" Text);
