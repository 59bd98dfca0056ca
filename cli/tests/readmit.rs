//! `poolkeeper readmit`, as an operator runs it.

use shared::state::DirectoryKey;

use crate::support::poolkeeper;

const ARGUMENTS: [&str; 9] = [
    "readmit",
    "--table",
    "directory",
    "--user-pool",
    "eu-central-1_Pool",
    "--store",
    "old-users",
    "--record-id",
    "o'neil@example.com",
];

#[test]
fn the_command_deletes_the_record_that_the_function_makes() {
    let run = poolkeeper(&ARGUMENTS, "");
    let key = DirectoryKey::moved("eu-central-1_Pool", "old-users", "o'neil@example.com");
    let expected = format!(
        "aws dynamodb delete-item --table-name 'directory' --key '{{\"pk\":{{\"S\":\"{}\"}},\"sk\":{{\"S\":\"MOVED\"}}}}'\n",
        key.pk
    );
    assert_eq!((run.code, run.stdout.as_str()), (0, expected.as_str()));
}

#[test]
fn each_argument_is_needed() {
    for missing in [1, 3, 5, 7] {
        let mut arguments = ARGUMENTS.to_vec();
        arguments.drain(missing..missing + 2);
        let run = poolkeeper(&arguments, "");
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains(ARGUMENTS[missing]), "{}", run.stderr);
    }
}
