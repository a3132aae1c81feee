//! Records copy requests and starts the copies. Wiring only: see `rekognition_model_copier::start_copy`.

// The futures of the SDK and of the runtime are nested deeper than the compiler's default limit.
#![recursion_limit = "256"]

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rekognition_model_copier::aws::SystemClock;
use rekognition_model_copier::lambda::Function;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = &Function::init(SystemClock).await?;
    run(service_fn(async |event: LambdaEvent<Box<RawValue>>| function.start_copy(event).await)).await
}
