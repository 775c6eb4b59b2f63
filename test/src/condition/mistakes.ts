/** Conditions that a new user might write, with the message of each after `condition`. */
export const mistakes: Readonly<Record<string, string>> = {
  "request.tenat_id == caller.claims.tenant":
    'at character 9 (tenat_id): p.R has no field "tenat_id". Did you mean tenant_id?',
  "request.tenantId == caller.claims.tenant":
    'at character 9 (tenantId): p.R has no field "tenantId". Did you mean tenant_id?',
  "reqest.tenant_id == 'a'": 'at character 1 (reqest.tenant_id): "reqest" is not known. Did you mean request?',
  "request.tenant_id = caller.claims.tenant":
    "at character 19 (=): is not CEL: unexpected character: =. Write == to compare.",
  "request.tenant_id === caller.claims.tenant":
    "at character 21 (=): is not CEL: unexpected character: =. Write == to compare.",
  "request.tenant_id == 'acme": "at character 22 ('acme): is not CEL: unterminated string. Close the quote.",
  "request.tenant_id == caller.claim.tenant":
    'at character 29 (claim): caller has no field "claim". Did you mean claims?',
  "request.tenant_id == claims.tenant":
    'at character 22 (claims.tenant): "claims" is not known. A condition knows request, caller, now and the values of enums, such as Kind.KIND_ADMIN.',
  "request.count == '5'": "at character 1 (request.count == '5'): compares int with string. Both sides need one type.",
  "request.count == 5.0": "at character 1 (request.count == 5.0): compares int with double. Both sides need one type.",
  "request.price > 5": "at character 1 (request.price > 5): compares double with int. Write 5.0.",
  "request.u == 5": "at character 1 (request.u == 5): compares uint with int. Write 5u.",
  "request.tenant_id & true": "at character 19 (&): is not CEL: unexpected character: &. Write &&.",
  "request.tenant_id && true":
    "at character 1 (request.tenant_id): is string, but must be true or false. Compare it with a value.",
  "request.flag and request.flag": "at character 14 (and): is not CEL: unexpected character: 'd'. Write &&.",
  "not request.flag": "at character 5 (request): is not CEL: unexpected character: 't'. Write ! instead of not.",
  "request.count + 1 == 2":
    "at character 1 (request.count + 1): calculates with `+`, which is not supported. Check it in code.",
  "request.tenant_id.matches('a.*')":
    "at character 1 (request.tenant_id.matches('a.*')): the function matches() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.tenant_id.startWith('a')":
    "at character 1 (request.tenant_id.startWith('a')): the function startWith() is not supported in conditions. Did you mean startsWith()? They know has, size, startsWith, endsWith, contains, all, exists.",
  "string(request.count) == '5'":
    "at character 1 (string(request.count)): the function string() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.items.map(i, i.id) == []":
    "at character 1 (request.items.map(i, i.id)): the function map() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.items.filter(i, true).size() > 0":
    "at character 1 (request.items.filter(i, true)): the function filter() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.items.exists_one(i, i.id == 'x')":
    "at character 1 (request.items.exists_one(i, i.id == 'x')): the function exists_one() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.items.id == 'x'": 'at character 15 (id): list(p.Item) has no field "id". Use all(), exists() or an index.',
  "request.items == request.more":
    "at character 1 (request.items == request.more): compares values of type list(p.Item), which is not supported.",
  "request.kind == 'KIND_ADMIN'":
    "at character 1 (request.kind == 'KIND_ADMIN'): compares p.Kind with string. Write the name of a value without quotes, such as p.Kind.KIND_ADMIN.",
  "request.kind == Kind.KIND_ADMN":
    'at character 17 (Kind.KIND_ADMN): enum p.Kind has no value "KIND_ADMN". Did you mean KIND_ADMIN?',
  "request.kind == KIND_ADMIN":
    'at character 17 (KIND_ADMIN): "KIND_ADMIN" is not known. A condition knows request, caller, now and the values of enums, such as Kind.KIND_ADMIN.',
  "request.item == null":
    "at character 1 (request.item == null): compares with null, which is not supported. Use has(…).",
  "has(request.tenant_id) == true && has(request)":
    "at character 39 (request): has() needs a field, such as has(request.owner).",
  "request.when > '2024-01-01'":
    "at character 1 (request.when > '2024-01-01'): compares timestamp with string. Both sides need one type.",
  "request.when > timestamp('2024-01-01T00:00:00Z')":
    "at character 16 (timestamp('2024-01-01T00:00:00Z')): the function timestamp() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.when.seconds > 5":
    "at character 14 (seconds): a time has no fields in a condition. Compare it with now or with another time.",
  "request.raw == b'a'": "at character 16 (b'a'): bytes are not supported in conditions.",
  "request.owner == 'x'":
    'at character 9 (owner): p.R has no field "owner", only a oneof of that name. Use one of its fields.',
  "caller.role == 'admin'": 'at character 8 (role): caller has no field "role". Did you mean roles?',
  "caller.roles == 'admin'":
    "at character 1 (caller.roles == 'admin'): compares list(string) with string. Both sides need one type.",
  "caller.roles[0] == 'admin'": "at character 1 (caller.roles[0]): reads list(string) by an index. It has no index.",
  "'admin' in caller.role": 'at character 19 (role): caller has no field "role". Did you mean roles?',
  "request.tenant_id":
    "at character 1 (request.tenant_id): is string, but must be true or false. Compare it with a value.",
  true: "is always true, so it refuses nothing. Delete it. (a warning with strict=false)",
  "request.tenant_id == request.tenant_id":
    "at character 1 (request.tenant_id == request.tenant_id): compares a value with itself, so it is always the same. Compare it with another.",
  "size(request.tenant_id) >= 0":
    "at character 1 (size(request.tenant_id) >= 0): compares a value that is never negative with 0, so it is always the same.",
  "": "at character 1: is empty. Write an expression, or delete it.",
  "   ": "at character 1 ( ): is empty. Write an expression, or delete it.",
  'request.tenant_id == "a" || request.tenant_id != "a"':
    "is always true, so it refuses nothing. Delete it. (a warning with strict=false)",
  "request.any.type_url == 'x'":
    "at character 9 (any): p.R.any has the type google.protobuf.Any, which conditions cannot read.",
  "request.struct.x == 'y'":
    "at character 9 (struct): p.R.struct has the type google.protobuf.Struct, which conditions cannot read.",
  "request.labels.a == 5":
    "at character 1 (request.labels.a == 5): compares string with int. Both sides need one type.",
  "request.items[request.count].id == 'x'":
    "at character 1 (request.items[request.count]): an index must be a literal that is not negative. Use all() or exists() for every item.",
  "request.items.all(i, request.names.exists(n, n == i.id))":
    "at character 22 (request.names.exists(n, n == i.id)): reads a part of the request again for every item of a loop, so its time would grow with the square of the request. Compare items with the caller or with literals, or check it in code.",
  "request.tenant_id.contains(request.name)":
    "at character 1 (request.tenant_id.contains(request.name)): searches for a text of the request, which can take very long. Search for a literal or a claim.",
  "ctx.user == 'x'":
    'at character 1 (ctx.user): "ctx" is not known. A condition knows request, caller, now and the values of enums, such as Kind.KIND_ADMIN.',
  "request.tenant_id == caller.claims.tenant &&":
    "at character 45: is not CEL: unexpected token: EOF. The expression ends too early.",
  "request.tenant_id == caller.claims.tenant)":
    "at character 42 ()): is not CEL: unexpected character: ')'. Delete it, or open it before.",
  "[1,2,3].exists(x, x == request.count)": "at character 1 ([1,2,3]): a list in brackets is supported after `in` only.",
  "caller.claims.exp > now":
    "at character 1 (caller.claims.exp > now): compares a claim with a value of type timestamp, which JSON does not have.",
  "request.names.all(request, request == 'a')":
    "at character 1 (request.names.all(request, request == 'a…): the name request is taken. Choose another.",
  "request.tenant_id == 'a' ? true : 'b'":
    "at character 35 ('b'): is string, but must be true or false. Compare it with a value.",
  "'a' < 'b'": "at character 1 ('a' < 'b'): compares two literals, so it is always the same. Delete the comparison.",
  "1 == 1": "at character 1 (1 == 1): compares two literals, so it is always true. Delete the comparison.",
  "caller.claims.a == caller.claims.a":
    "at character 1 (caller.claims.a == caller.claims.a): compares a value with itself, so it is always the same. Compare it with another.",
  "dyn(request.tenant_id) == 5":
    "at character 1 (dyn(request.tenant_id)): the function dyn() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.imported.nmae == 'x'": 'at character 18 (nmae): p.Imported has no field "nmae". Did you mean name?',
  "type(request.count) == int":
    "at character 1 (type(request.count)): the function type() is not supported in conditions. They know has, size, startsWith, endsWith, contains, all, exists.",
  "request.tenant_id in 'abc'":
    "at character 1 (request.tenant_id in 'abc'): `in` needs a list or a map, but got string.",
  "request.count in ['a']":
    "at character 1 (request.count in ['a']): compares int with string. Both sides need one type.",
  'has(request.labels["a"])':
    'at character 5 (request.labels["a"]): has() needs a field. Write `"key" in object` for a key.',
  "9223372036854775808 == request.count": "at character 1 (9223372036854775808): is larger than an int of 64 bits.",
  "request.u == 18446744073709551616u":
    "at character 14 (18446744073709551616u): is not CEL: invalid integer: 18446744073709551616. Write an expression of CEL.",
  "request.items.all(a, a.tags.all(b, caller.roles.all(c, caller.scopes.all(d, d == c))))":
    "at character 56 (caller.scopes.all(d, d == c)): more than 3 loops are in each other.",
  "request.flag || !request.flag": "is always true, so it refuses nothing. Delete it. (a warning with strict=false)",
  'request.name == "a" && request.name == "b"':
    "is always false, so nobody may call. Delete it. (a warning with strict=false)",
  "(request.flag ? request.item : request.item) == request.item":
    "at character 2 (request.flag ? request.item : request.it…): chooses between p.Item and p.Item. Both need one type of a single value.",
  "has(caller.roles)": "at character 5 (caller.roles): is always there. Delete the has().",
  "request.items.all(i, size(request.name) > 3)":
    "at character 22 (size(request.name)): reads a part of the request again for every item of a loop, so its time would grow with the square of the request. Compare items with the caller or with literals, or check it in code.",
  "-request.count == 5":
    "at character 1 (-request.count): calculates with `-`, which is supported in front of numbers only.",
  "request.flag < true":
    "at character 1 (request.flag < true): orders values of type bool. Numbers, strings and times have an order.",
  'caller == "x"': 'at character 1 (caller == "x"): compares the caller with string. Both sides need one type.',
  "request.flag ? 1 : 2":
    "at character 1 (request.flag ? 1 : 2): is int, but must be true or false. Compare it with a value.",
  'request.items[-1].id == "x"':
    "at character 1 (request.items[-1]): an index must be a literal that is not negative. Use all() or exists() for every item.",
  'caller.claims[request.name] == "x"':
    "at character 1 (caller.claims[request.name]): reads the claims by an index. A claim is read by a literal name.",
  "caller.claims.a < caller.claims.b":
    "at character 1 (caller.claims.a < caller.claims.b): orders two claims, whose types are unknown.",
  "size(caller.claims.groups) > 2":
    "at character 1 (size(caller.claims.groups)): size() of a claim is not supported, since its type is unknown. Use `in`, all() or exists().",
  "request.name in caller.subject":
    "at character 1 (request.name in caller.subject): `in` needs a list or a map, but got string.",
};
