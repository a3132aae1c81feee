//! Logs, as Lambda's own settings want them: `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL`.

use std::env;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// Begins to log to standard output. Call it once.
pub fn init() {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| LevelFilter::from_str(&level).ok());
    let layer = if env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json")) {
        fmt::layer().json().flatten_event(true).with_span_list(false).boxed()
    } else {
        fmt::layer().with_ansi(false).boxed()
    };
    tracing_subscriber::registry().with(layer.with_filter(filter(level.unwrap_or(LevelFilter::INFO)))).init();
}

/// Our own lines at `level`; everybody else's at WARN. INVARIANT: at TRACE the SDK logs requests whole, so
/// no setting of a level lets it.
fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("rekognition_model_copier", level)
        .with_target("start_copy", level)
        .with_target("check_copies", level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn the_sdk_never_logs_requests() {
        let filter = filter(LevelFilter::TRACE);
        assert!(filter.would_enable("rekognition_model_copier::copier", &Level::TRACE));
        assert!(!filter.would_enable("aws_smithy_runtime::client", &Level::INFO));
        assert!(filter.would_enable("aws_smithy_runtime::client", &Level::WARN));
    }

    #[test]
    fn a_higher_level_holds_for_everybody() {
        let filter = filter(LevelFilter::ERROR);
        assert!(!filter.would_enable("aws_smithy_runtime::client", &Level::WARN));
        assert!(!filter.would_enable("start_copy", &Level::WARN));
    }
}
