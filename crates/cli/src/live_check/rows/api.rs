//! The rows about Rekognition: calls, copies, permissions, project policies.

use super::Row;

pub(super) const CALL: &[Row] = &[
    Row::new(
        1,
        "A taken version name answers `ResourceInUseException` [inferred]: while the first copy runs, after \
         it, after COPYING_FAILED, while DELETING, for a trained version",
        "describes the version that has the name, and decides from its source",
        "copy to a name that is taken, once in each of these five states",
        "another error: add its name to `Meaning::of` (src/domain/refusal.rs) as `NameTaken`. The call is accepted: \
         then only the lease prevents a second copy; open an issue",
    ),
    Row::new(
        2,
        "Rekognition decides which statuses of a source can be copied, and whether a copy can be copied [open]",
        "does not check the source; the service's error decides",
        "copy a copy, and a version that is being copied. By hand: copy a source that is TRAINING_FAILED, RUNNING, \
         STOPPED or DEPRECATED",
        "another final error than `InvalidParameterException`: add its name to `Meaning::of` as `Invalid`",
    ),
    Row::new(
        3,
        "Too many copies at once answer `LimitExceededException` or `ServiceQuotaExceededException` [open]",
        "retries after either error, for up to 24 h; retries after an unknown error, too",
        "start 20 copies at once",
        "add the error's name to `Meaning::of` as `Limit`; write the number into docs/aws.md",
    ),
    Row::new(
        4,
        "A copy into a missing project answers `ResourceNotFoundException` [inferred]",
        "retries for 15 minutes, then FAILED with a remedy",
        "copy into a project that was deleted",
        "add the error's name to `Meaning::of` as `Permission`",
    ),
    Row::new(
        5,
        "A new project policy has an effect within 15 minutes; until then a copy answers AccessDenied [inferred]",
        "retries for `PermissionTimeoutSeconds`",
        "put the policy, copy until it works; repeat the run and note the longest time",
        "raise the parameter's default",
    ),
    Row::new(
        6,
        "A call takes effect at most 15 minutes after it was sent [doc for the signature, inferred for the effect]",
        "a lease lasts 20 minutes",
        "cannot be provoked; look in the logs for `adopted` with `attempts` > 1",
        "lengthen `LEASE_DURATION` (src/domain/times.rs)",
    ),
    Row::new(
        49,
        "DescribeProjectVersions answers `ResourceNotFoundException` for a missing project [inferred], and an empty \
         list for a name that no version has [doc]",
        "takes either answer as: the version does not exist",
        "describe a project that was deleted; describe a name in a project without versions",
        "change the condition on the error's name in `CustomLabels::versions` (src/aws/rekognition.rs)",
    ),
];

pub(super) const COPY: &[Row] = &[
    Row::new(
        7,
        "DescribeProjectVersions shows the new version within 10 minutes [open]",
        "a version counts as deleted only if two polls, at least 10 minutes apart, miss it",
        "poll every second after a copy",
        "lengthen `DELETED_AFTER`",
    ),
    Row::new(
        8,
        "The description of a copy shows `SourceProjectVersionArn`, `OutputConfig` and `KmsKeyId` [doc for the \
         first, open for the others]",
        "compares only the source, if the others are not shown",
        "describe a copy and compare it with its request",
        "without the source ARN no copy can be adopted, and every taken name ends as VersionNameTaken: let the copier \
         tag its copies and adopt by the tag",
    ),
    Row::new(
        9,
        "The description of a copy shows the key in the form of the request [open]",
        "compares keys only if both have the same form",
        "run it with `--key` three times: with a key id, an alias and an ARN",
        "nothing; or also compare keys of different forms",
    ),
    Row::new(
        10,
        "A copy takes less than 2 h [open]",
        "OVERDUE after 2 h, TIMED_OUT after 24 h",
        "copy a small model; in another run, copy a large one",
        "change the defaults of `OverdueAfterSeconds` and `CopyTimeoutSeconds`",
    ),
    Row::new(
        11,
        "The statuses FAILED, EXPIRED and DEPRECATED of a copy concern hosting or age, so the copy itself has succeeded [inferred]",
        "COMPLETED, if two polls see the status",
        "start a copied model whose bucket was deleted; wait until an old copy expires",
        "change `ModelStatus::progress` (src/domain/model.rs)",
    ),
    Row::new(
        12,
        "A copy in progress can be deleted; it shows DELETING and then no longer exists [open]",
        "FAILED with the code VersionDeleted",
        "delete a copy as soon as its call is accepted",
        "the deletion is refused: nothing. Another status: change `ModelStatus::progress`",
    ),
    Row::new(
        13,
        "StatusMessage of COPYING_FAILED says why [open]",
        "puts it into the announcement",
        "copy into a bucket that does not exist; by hand: take away s3:PutObject and copy",
        "add a remedy for each text that needs one",
    ),
    Row::new(
        47,
        "A copy within one project is possible; whether it shows its source is not known [open: AWS documents \
         `SourceProjectVersionArn` for a model that was copied from a different project]",
        "adopts a version without a source only if the request's own call may have made it",
        "copy a model within its project and describe the copy",
        "it always shows its source: delete `Origin::NotShown` (src/domain/model.rs)",
    ),
    Row::new(
        50,
        "Rekognition writes every file of a copy under the prefix that it was given [inferred]",
        "`OutputBuckets` may list a prefix; then the functions may write only below it",
        "copy with a prefix and list it; by hand: list the whole bucket for files of that time",
        "a file lies outside the prefix: list whole buckets in `OutputBuckets`, and say so in cross-account.md",
    ),
];

pub(super) const PERMISSIONS: &[Row] = &[
    Row::new(
        14,
        "CopyProjectVersion needs rekognition:CopyProjectVersion on both projects and versions, \
         CreateProjectVersion and TagResource on the destination [doc, 2026]",
        "`CopyPolicy` allows exactly these",
        "copy with and without tags; take them away one by one",
        "change `CopyPolicy`, statement by statement",
    ),
    Row::new(
        15,
        "Rekognition writes into the bucket with the caller's rights, and needs s3:PutObject. The other \
         rights are those of AWS's managed policy for Custom Labels (GetObject, GetObjectAcl, \
         GetObjectTagging, GetObjectVersion, ListBucket, GetBucketAcl, GetBucketLocation) [open]. Its \
         ListAllMyBuckets is for the console and is left out",
        "allowed on the listed entries and on this account's buckets",
        "take them away one by one; note whether the call or the copy fails",
        "remove what isn't needed from `WriteCopies` and `ReadOutputBuckets`",
    ),
    Row::new(
        16,
        "`aws:ResourceAccount` is set when Rekognition writes with the function's permissions [inferred]",
        "a condition on both S3 statements; only this condition limits `ReadOutputBuckets` to this account",
        "row 15 tests it",
        "delete the condition of `WriteCopies`, name the buckets in `ReadOutputBuckets`, and say so in \
         cross-account.md's table",
    ),
    Row::new(
        17,
        "A copy with a key needs kms:CreateGrant, DescribeKey, GenerateDataKey and Decrypt, all as the caller [model]",
        "allowed on `ModelKeys`, without conditions",
        "take them away one by one; then add `kms:ViaService` = `rekognition.REGION.amazonaws.com`, and \
         `Bool` `kms:GrantIsForAWSResource` = `true` for CreateGrant alone",
        "a condition works: add it to `EncryptCopies`, and delete the paragraph in \
         SECURITY.md",
    ),
    Row::new(
        18,
        "With `EncryptionKeyArn`, kms:Decrypt and DescribeKey through DynamoDB, and Decrypt and \
         GenerateDataKey through SQS, are enough [inferred]",
        "statements `ReadEncryptedTable` (both functions) and `UseEncryptedQueues` (start-copy)",
        "deploy with a key; send one request, and one asynchronous invocation that fails",
        "add what CloudTrail shows as denied",
    ),
    Row::new(
        19,
        "A redrive is refused by the queue's policy unless its caller is in `DirectSenders` [captured: \
         StartMessageMoveTask sends as its caller]. SQS takes `aws:PrincipalArn` with ArnNotLike in a queue's \
         policy [open: its guide lists few keys; AWS's data-perimeter sample uses it]",
        "operate.md says so",
        "deploy; redrive as an administrator, once with and once without your role in `DirectSenders`",
        "change operate.md; if SQS refuses the key, allow the named senders and delete the Deny",
    ),
];

pub(super) const ACROSS_ACCOUNTS: &[Row] = &[
    Row::new(
        20,
        "A project policy may name two roles as Principal [inferred: IAM's grammar]",
        "names both functions' roles",
        "put such a policy; copy from each function",
        "write two statements, or name the account with a condition on `aws:PrincipalArn`",
    ),
    Row::new(
        21,
        "A project policy holds for a role's name, not for the role's unique id [open]",
        "if a copy is refused although the policy fits, puts the policy once more",
        "delete the role, create it under the same name, and copy",
        "nothing: the policy that is put again names the new role",
    ),
    Row::new(
        22,
        "EventBridge keeps `account` when an event goes on to another bus [captured]",
        "takes it as the requester",
        "forward a request through a hub; look at the record's id",
        "then the hub is the requester: see [cross-account.md](cross-account.md#an-organization-with-a-hub)",
    ),
    Row::new(
        23,
        "A stale revision id answers `InvalidPolicyRevisionIdException`, also when the policy is gone [doc; \
         open for the latter]",
        "reads the policies again and retries",
        "delete a policy between list and put",
        "add the error's name to `is_conflict` (src/aws/source_accounts.rs)",
    ),
];

pub(super) const POLICIES: &[Row] = &[
    Row::new(
        33,
        "Rekognition evaluates `DateLessThan` `aws:CurrentTime` in a project policy [inferred: the guide asks \
         for IAM's syntax; a public scanner deploys a condition]",
        "if a copy is refused although the policy fits, FAILED; the remedy names `ProjectPolicyExpires=false`",
        "put a valid policy and copy; then let it expire in two minutes, and copy after three",
        "MalformedPolicyDocument, or the valid policy does not allow the copy: set the default of \
         `ProjectPolicyExpires` to `false`. The expired policy still allows the copy: say so in cross-account.md, and \
         withdraw policies",
    ),
    Row::new(
        34,
        "`\"Resource\": \"*\"` is accepted and means this project [inferred: AWS's own example has it]",
        "MalformedPolicyDocument is retried, then FAILED",
        "put such a policy and copy; do the same with `…/version/*`",
        "write `arn:…:project/NAME/version/*`; if that is refused, each version's ARN",
    ),
    Row::new(
        35,
        "Rekognition checks the permission only when the call is made, so the policy may expire while the copy runs [inferred]",
        "polls the copy until it has ended, also after the policy expired",
        "put a policy that expires in two minutes; start a copy that takes longer",
        "put the policy again while a copy runs",
    ),
    Row::new(
        45,
        "PutProjectPolicy accepts the copier's own document (`*`, DateLessThan), and `…/version/*` as a resource \
         [inferred]",
        "MalformedPolicyDocument is retried, then FAILED with a remedy",
        "put each on a project of your own",
        "rows 33 and 34 say what to change",
    ),
    Row::new(
        46,
        "`\"Effect\": \"ALLOW\"` is refused as MalformedPolicyDocument [open: AWS's own example has it; IAM's grammar \
         does not allow it]",
        "writes `Allow`",
        "put one on a project of your own",
        "change the sandbox's default of `upperCaseEffect`; the copier needs no change",
    ),
    Row::new(
        48,
        "PutProjectPolicy of a sixth policy answers `LimitExceededException` or `ServiceQuotaExceededException` [inferred]",
        "lists the policies again; then deletes a copier's expired policy, or waits for a free slot",
        "put six on a project of your own",
        "add the error's name to `is_conflict` (src/aws/source_accounts.rs)",
    ),
];
