/** Protos with every form of field that a condition can read. */
export const requestProtos: Readonly<Record<string, string>> = {
  "random/v1/three.proto": `
    syntax = "proto3";
    package random.v1;
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    import "random/v1/two.proto";
    import "random/v1/edition.proto";
    enum Kind { KIND_UNSPECIFIED = 0; KIND_ADMIN = 1; KIND_USER = 2; KIND_FAR = -3; }
    message Leaf {
      enum Level { LEVEL_UNSPECIFIED = 0; LEVEL_HIGH = 1; }
      string id = 1;
      int32 rank = 2;
      bool on = 3;
      optional string note = 4;
      Kind kind = 5;
      repeated string tags = 6;
      int64 big = 7;
      oneof choice { string email = 8; int64 number = 9; Inner inner = 10; }
      Level level = 11;
      google.protobuf.StringValue w_note = 12;
      repeated Inner inners = 13;
      google.protobuf.Timestamp at = 14;
      map<string, string> labels = 15;
    }
    message Inner {
      string id = 1;
      oneof choice { string email = 8; bool yes = 9; Leaf leaf = 10; }
    }
    message Three {
      string name = 1;
      int32 i32 = 2;
      bool flag = 3;
      int64 i64 = 4;
      uint32 u32 = 5;
      uint64 u64 = 6;
      double d = 7;
      float f = 8;
      bytes raw = 9;
      sint64 js64 = 10 [jstype = JS_STRING];
      fixed64 jsu64 = 11 [jstype = JS_STRING];
      Kind kind = 12;
      sfixed32 s32 = 13;
      string constructor = 14;
      string two_words = 15;
      optional string o_name = 21;
      optional int32 o_i32 = 22;
      optional bool o_flag = 23;
      optional int64 o_i64 = 24;
      optional uint32 o_u32 = 25;
      optional double o_d = 27;
      optional bytes o_raw = 29;
      optional int64 o_js64 = 30 [jstype = JS_STRING];
      optional Kind o_kind = 32;
      Leaf leaf = 41;
      google.protobuf.Timestamp at = 42;
      Three parent = 43;
      Two two = 44;
      Edition edition = 45;
      optional Leaf o_leaf = 46;
      google.protobuf.StringValue w_string = 51;
      google.protobuf.Int32Value w_i32 = 52;
      google.protobuf.Int64Value w_i64 = 53;
      google.protobuf.UInt32Value w_u32 = 54;
      google.protobuf.UInt64Value w_u64 = 55;
      google.protobuf.BoolValue w_bool = 56;
      google.protobuf.DoubleValue w_d = 57;
      google.protobuf.FloatValue w_f = 58;
      google.protobuf.BytesValue w_raw = 59;
      oneof choice {
        string text = 61;
        int64 number = 62;
        bool yes = 63;
        Leaf item = 64;
        google.protobuf.Timestamp when = 65;
        Kind sort = 66;
        double ratio = 67;
        uint64 js_number = 68 [jstype = JS_STRING];
        Inner inner = 69;
        bytes blob = 70;
      }
      repeated string names = 81;
      repeated int32 ints = 82;
      repeated int64 bigs = 83;
      repeated int64 js_bigs = 84 [jstype = JS_STRING];
      repeated uint32 uints = 85;
      repeated uint64 ubigs = 86;
      repeated double doubles = 87;
      repeated float floats = 88;
      repeated bool bools = 89;
      repeated Kind kinds = 90;
      repeated Leaf leaves = 91;
      repeated google.protobuf.Timestamp times = 92;
      map<string, string> labels = 101;
      map<string, Leaf> by_name = 102;
      map<int64, string> by_id = 103;
      map<int32, Leaf> by_rank = 104;
      map<uint32, bool> by_uint = 105;
      map<bool, int64> by_bool = 106;
      map<string, google.protobuf.Timestamp> times_by = 107;
      map<uint64, double> by_u64 = 108;
      map<string, Kind> kinds_by = 109;
    }`,
  "random/v1/two.proto": `
    syntax = "proto2";
    package random.v1;
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    enum Closed { CLOSED_ONE = 1; CLOSED_TWO = 2; CLOSED_MINUS = -1; }
    message Twig {
      optional string id = 1 [default = "a"];
      required int32 rank = 2;
      optional bool on = 3 [default = true];
      repeated Closed kinds = 4;
    }
    message Two {
      optional string name = 1 [default = "ab"];
      optional string plain = 2;
      optional int32 i32 = 3 [default = 5];
      optional int64 i64 = 4 [default = -1];
      optional int64 js64 = 5 [jstype = JS_STRING, default = 9007199254740993];
      optional uint64 u64 = 6 [default = 18446744073709551615];
      optional bool flag = 7 [default = true];
      optional double d = 8 [default = 1.5];
      optional double d_inf = 9 [default = -inf];
      optional float f_nan = 10 [default = nan];
      optional Closed kind = 11;
      optional Closed other_kind = 12 [default = CLOSED_TWO];
      required string must = 13;
      required bool must_flag = 14;
      optional bytes raw = 15 [default = "a"];
      repeated int64 bigs = 16;
      repeated string names = 17;
      repeated group Pair = 18 { optional string id = 1; optional bool on = 2; }
      optional group Solo = 19 { optional string id = 1 [default = "b"]; optional int64 big = 2; }
      optional Twig twig = 20;
      repeated Twig twigs = 21;
      map<string, Twig> twig_by = 22;
      oneof choice { string text = 31; Twig branch = 32; uint32 number = 33; Closed sort = 34; }
      optional google.protobuf.Timestamp at = 41;
      optional google.protobuf.Int64Value w_i64 = 42;
      optional uint32 u32 = 43 [default = 7];
    }`,
  "random/v1/edition.proto": `
    edition = "2023";
    package random.v1;
    import "google/protobuf/timestamp.proto";
    enum Tone { TONE_UNSPECIFIED = 0; TONE_LOUD = 1; }
    enum Shut { option features.enum_type = CLOSED; SHUT_ONE = 1; SHUT_TWO = 2; }
    message Bud {
      string id = 1;
      bool on = 2 [features.field_presence = IMPLICIT];
      int64 big = 3;
    }
    message Edition {
      string name = 1;
      string with_default = 2 [default = "admin"];
      string implicit = 3 [features.field_presence = IMPLICIT];
      int64 i64 = 4 [default = 2];
      int64 implicit_i64 = 5 [features.field_presence = IMPLICIT];
      int64 js64 = 6 [jstype = JS_STRING];
      bool flag = 7;
      double d = 8 [default = 0.5];
      Tone tone = 9;
      Tone implicit_tone = 10 [features.field_presence = IMPLICIT];
      Shut shut = 11;
      string must = 12 [features.field_presence = LEGACY_REQUIRED];
      bytes raw = 13;
      uint32 u32 = 14;
      Bud bud = 15 [features.message_encoding = DELIMITED];
      Bud bud_plain = 16;
      repeated Bud buds = 17;
      repeated int32 ints = 18 [features.repeated_field_encoding = EXPANDED];
      map<int32, Bud> bud_by = 19;
      map<string, int64> sizes = 20;
      oneof choice { string text = 31; Bud leaf = 32; bool yes = 33; }
      google.protobuf.Timestamp at = 41;
      Edition parent = 42;
    }`,
};
