//! The [status](https://docs.aws.amazon.com/rekognition/latest/APIReference/API_ProjectVersionDescription.html) of a project
//! version: one word for training, copying, hosting and deleting.

use serde::{Deserialize, Serialize};

macro_rules! statuses {
    ($($variant:ident $word:literal,)*) => {
        /// A project version's status. `Other` is a word outside the service model, which a test sets to see how a
        /// client handles it.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum Status { $($variant,)* Other(String) }

        impl Status {
            /// Every status of the service model.
            pub const ALL: &[Status] = &[$(Status::$variant,)*];

            /// AWS's word.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $word,)* Self::Other(word) => word }
            }
        }

        impl From<String> for Status {
            fn from(word: String) -> Self {
                match word.as_str() { $($word => Self::$variant,)* _ => Self::Other(word) }
            }
        }
    };
}

statuses! {
    TrainingInProgress "TRAINING_IN_PROGRESS",
    TrainingCompleted "TRAINING_COMPLETED",
    TrainingFailed "TRAINING_FAILED",
    Starting "STARTING",
    Running "RUNNING",
    Failed "FAILED",
    Stopping "STOPPING",
    Stopped "STOPPED",
    Deleting "DELETING",
    CopyingInProgress "COPYING_IN_PROGRESS",
    CopyingCompleted "COPYING_COMPLETED",
    CopyingFailed "COPYING_FAILED",
    Deprecated "DEPRECATED",
    Expired "EXPIRED",
}

impl From<&str> for Status {
    fn from(word: &str) -> Self {
        word.to_owned().into()
    }
}

impl From<Status> for String {
    fn from(status: Status) -> Self {
        status.as_str().to_owned()
    }
}
