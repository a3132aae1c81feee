//! The function check-copies on the sandbox's clock. Its code is `rekognition_model_copier::check_copies`.

// The futures of the SDK and of the runtime are nested more deeply than the compiler follows by default.
#![recursion_limit = "256"]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rekognition_model_copier::lambda::Function;
use sandbox::FileClock;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = &Function::init(FileClock::from_env()?).await?;
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| function.check_copies(event).await)).await
}
