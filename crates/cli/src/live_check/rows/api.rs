//! The rows about Rekognition: calls, copies, permissions, project policies.

use super::Row;

pub(super) const CALL: &[Row] = &[
    Row::new(
        1,
        "A taken version name answers `ResourceInUseException` [inferred]: while the first copy runs, after \
         it, after COPYING_FAILED, while DELETING, for a trained version",
        "takes it as a question and describes the name",
        "copy to a name that is taken, once in each of these five states",
        "another error's name: add it to `Meaning::of` (src/domain/refusal.rs) as `NameTaken`. An accepted \
         call: only the lease keeps copies single; tell us",
    ),
    Row::new(
        2,
        "Which statuses of the source may be copied, and a copy of a copy [open]",
        "doesn't look at the source; the service's error decides",
        "copy a copy, and a version that is being copied; by hand a source that is TRAINING_FAILED, RUNNING, \
         STOPPED, DEPRECATED",
        "an error that isn't `InvalidParameterException` and is final: add it to `Meaning::of` as `Invalid`",
    ),
    Row::new(
        3,
        "Too many copies at once answers `LimitExceededException` or `ServiceQuotaExceededException` [open]",
        "waits for either, up to 24 h; an unknown error waits, too",
        "start 20 copies at once",
        "the error's name in `Meaning::of` as `Limit`; the number in facts for the dashboard",
    ),
    Row::new(
        4,
        "A project that is missing answers `ResourceNotFoundException` [inferred]",
        "tries for 15 minutes, then FAILED with a remedy",
        "copy into a project that was deleted",
        "the error's name in `Meaning::of` as `Permission`",
    ),
    Row::new(
        5,
        "An AccessDenied heals within 15 minutes of the policy [inferred]",
        "`PermissionTimeoutSeconds`",
        "put the policy, copy until it works; repeat the run and note the longest",
        "raise the parameter's default",
    ),
    Row::new(
        6,
        "A call can land for 15 minutes at most after it was sent [doc for signatures, inferred for effects]",
        "lease of 20 minutes",
        "can't be provoked; watch for `adopted` with `attempts` > 1 in the logs",
        "lengthen `LEASE_DURATION` (src/domain/times.rs)",
    ),
    Row::new(
        49,
        "DescribeProjectVersions of a project that is missing answers `ResourceNotFoundException` [inferred], of a \
         name that no version has an empty list [doc]",
        "reads either as: there is no such version",
        "describe a project that was deleted; describe a name in a project without versions",
        "the condition on the error's name in `CustomLabels::versions` (src/aws/rekognition.rs)",
    ),
];

pub(super) const COPY: &[Row] = &[
    Row::new(
        7,
        "DescribeProjectVersions shows the new version within 10 minutes [open]",
        "an absence counts only when seen twice, 10 minutes apart",
        "poll every second after a copy",
        "lengthen `DELETED_AFTER`",
    ),
    Row::new(
        8,
        "A copied version carries `SourceProjectVersionArn`, `OutputConfig` and `KmsKeyId` [doc for the \
         first, open for the others]",
        "adopts by the source alone where the others aren't shown",
        "describe a copy, compare",
        "without the source ARN nothing can be adopted: every taken name would be VersionNameTaken. Then \
         adopt by a tag of ours",
    ),
    Row::new(
        9,
        "The key is shown in the form it was asked for [open]",
        "compares keys only where both sides have the same form",
        "copy with `--key`, once with a key id, an alias, an ARN",
        "nothing, or compare more",
    ),
    Row::new(
        10,
        "How long a copy takes [open]",
        "OVERDUE after 2 h, TIMED_OUT after 24 h",
        "copy a small model, in another run a large one",
        "the defaults of `OverdueAfterSeconds` and `CopyTimeoutSeconds`",
    ),
    Row::new(
        11,
        "FAILED, EXPIRED and DEPRECATED of a copy are about hosting or age [inferred]",
        "COMPLETED, if seen twice",
        "start a copy with a bucket taken away; wait for the expiry of an old one",
        "`ModelStatus::progress` (src/domain/model.rs)",
    ),
    Row::new(
        12,
        "Deleting a copy in progress is possible and reads DELETING, then absent [open]",
        "FAILED, VersionDeleted",
        "delete one as soon as it is accepted",
        "if it is refused: nothing. If it reads otherwise: `ModelStatus::progress`",
    ),
    Row::new(
        13,
        "StatusMessage of COPYING_FAILED says why [open]",
        "passes it on",
        "copy into a bucket that does not exist; by hand, take away s3:PutObject and copy",
        "a remedy for each text that is worth one",
    ),
    Row::new(
        47,
        "A copy within one project is possible; whether it shows its source is not known [open: AWS documents \
         `SourceProjectVersionArn` for a model that was copied from a different project]",
        "adopts a version without a source only for the request whose own call may have made it",
        "copy a model within its project, describe the copy",
        "if it always shows its source: `Origin::NotShown` (src/domain/model.rs) can go",
    ),
    Row::new(
        50,
        "Rekognition writes every file of a copy under the prefix that it was given [inferred]",
        "`OutputBuckets` may list a prefix, and the functions may write below it alone",
        "copy with a prefix; list the bucket below the prefix, and the rest of it for files of that time",
        "a file beside the prefix: list whole buckets in `OutputBuckets`, and say so in cross-account.md",
    ),
];

pub(super) const PERMISSIONS: &[Row] = &[
    Row::new(
        14,
        "CopyProjectVersion needs rekognition:CopyProjectVersion on both projects and versions, \
         CreateProjectVersion and TagResource on the destination [doc, 2026]",
        "exactly these",
        "copy with and without tags; take them away one by one",
        "`CopyPolicy`, statement by statement",
    ),
    Row::new(
        15,
        "Rekognition writes into the bucket with the caller's rights, and needs s3:PutObject. The other \
         rights are those of AWS's managed policy for Custom Labels (GetObject, GetObjectAcl, \
         GetObjectTagging, GetObjectVersion, ListBucket, GetBucketAcl, GetBucketLocation) [open]; its \
         ListAllMyBuckets is for the console, and left out",
        "allowed on the listed entries and on this account's buckets",
        "take them away one by one; note whether the call fails or the copy",
        "remove what isn't needed from `WriteCopies` and `ReadOutputBuckets`",
    ),
    Row::new(
        16,
        "`aws:ResourceAccount` is set when Rekognition writes with our rights [inferred]",
        "condition on both S3 statements; `ReadOutputBuckets` has nothing else that keeps it to this account",
        "15 covers it",
        "take the condition away from `WriteCopies`, name the buckets in `ReadOutputBuckets`, and say so in \
         cross-account.md's table",
    ),
    Row::new(
        17,
        "With a key: CreateGrant, DescribeKey, GenerateDataKey, Decrypt, all as the caller [model]",
        "allowed on `ModelKeys`, without conditions",
        "take them away one by one; then add `kms:ViaService` = `rekognition.REGION.amazonaws.com`, and \
         `Bool` `kms:GrantIsForAWSResource` = `true` for CreateGrant alone",
        "each one that works: keep it as a condition of `EncryptCopies`, and take the paragraph from \
         SECURITY.md",
    ),
    Row::new(
        18,
        "With `EncryptionKeyArn`, kms:Decrypt and DescribeKey through DynamoDB, and Decrypt and \
         GenerateDataKey through SQS, are enough [inferred]",
        "statements `ReadEncryptedTable` (both functions) and `UseEncryptedQueues` (start-copy)",
        "deploy with a key, send one request, and one asynchronous invocation that fails",
        "add what CloudTrail shows as denied",
    ),
    Row::new(
        19,
        "A redrive is refused by the queue's policy unless its caller is in `DirectSenders` [captured: \
         StartMessageMoveTask sends as its caller]. SQS takes `aws:PrincipalArn` with ArnNotLike in a queue's \
         policy [open: its guide lists few keys; AWS's data-perimeter sample uses it]",
        "documented so",
        "deploy; redrive as an administrator, with and without",
        "operate.md; without the key in the policy, an Allow for the named senders and no Deny",
    ),
];

pub(super) const ACROSS_ACCOUNTS: &[Row] = &[
    Row::new(
        20,
        "A project policy may name two roles as Principal [inferred: IAM's grammar]",
        "names both functions' roles",
        "put one, copy from each function",
        "two statements, or the account with a condition on `aws:PrincipalArn`",
    ),
    Row::new(
        21,
        "A project policy is evaluated for the role as it is, not bound to the role's unique id [open]",
        "after an AccessDenied although the policy fits, it is put once more",
        "delete and create the role under one name, copy",
        "nothing: the policy that is put again has the new role",
    ),
    Row::new(
        22,
        "EventBridge keeps `account` when an event goes on to another bus [captured]",
        "takes it as the sender",
        "forward a request through a hub, look at the record's id",
        "the hub is the sender then; [cross-account.md](cross-account.md#an-organization-with-a-hub)",
    ),
    Row::new(
        23,
        "A stale revision id answers `InvalidPolicyRevisionIdException`, also when the policy is gone [doc; \
         open for the latter]",
        "reads the policies again and tries anew",
        "delete a policy between list and put",
        "one more error's name",
    ),
];

pub(super) const POLICIES: &[Row] = &[
    Row::new(
        33,
        "Rekognition evaluates `DateLessThan` `aws:CurrentTime` in a project policy [inferred: the guide asks \
         for IAM's syntax; a public scanner deploys a condition]",
        "a refusal although the policy fits ends as FAILED, and its remedy names `ProjectPolicyExpires=false`",
        "put one that is valid, copy; let it expire in two minutes; copy after three",
        "refused with MalformedPolicyDocument, or never allowed: default `ProjectPolicyExpires` to `false`. \
         Still allowed after it expired: say in cross-account.md that expiry does not hold, and withdraw",
    ),
    Row::new(
        34,
        "`\"Resource\": \"*\"` is accepted and means this project [AWS's own example stores it]",
        "MalformedPolicyDocument is retried, then FAILED",
        "put one, copy; the same with `…/version/*`",
        "`arn:…:project/NAME/version/*`, then each version's ARN",
    ),
    Row::new(
        35,
        "Permission is checked when the call is made, so the policy may expire while the copy runs [inferred]",
        "the copy is polled whatever the policy says",
        "put one that expires in two minutes, start a copy that takes longer",
        "put the policy again while a copy runs",
    ),
    Row::new(
        45,
        "PutProjectPolicy takes the copier's own document (`*`, DateLessThan), and `…/version/*` as a resource \
         [inferred]",
        "MalformedPolicyDocument is retried, then FAILED with a remedy",
        "put each on a project of your own",
        "33 and 34 say what to change",
    ),
    Row::new(
        46,
        "`\"Effect\": \"ALLOW\"` is refused as MalformedPolicyDocument [open: AWS's own example has it, IAM's grammar \
         does not know it]",
        "writes `Allow`",
        "put one on a project of your own",
        "the sandbox's default of `upperCaseEffect`; the copier needs nothing",
    ),
    Row::new(
        48,
        "A sixth policy of a project answers `LimitExceededException` or `ServiceQuotaExceededException` [inferred]",
        "lists the policies again, then deletes an expired one of a copier or waits for a slot",
        "put six on a project of your own",
        "add the error's name to the conflicts of a Put (src/aws/source_accounts.rs)",
    ),
];
