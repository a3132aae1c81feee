//! A sandbox, and the program that works against it with a state folder of its own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, LazyLock};

use sandbox::deployment::{Binaries, Deployment};
use sandbox::{Builder, Sandbox, Settings, World};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

pub(crate) const ACCOUNT: &str = "444455556666";
pub(crate) const SOURCE_ACCOUNT: &str = "111122223333";
pub(crate) const SOURCE: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
pub(crate) const SOURCE_VERSION: &str =
    "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";
pub(crate) const DESTINATION: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000";

/// The copier's stack.
pub(crate) const STACK: &str = "rekognition-model-copier";

/// The flags of a copy.
pub(crate) const COPY: [&str; 9] = [
    "copy",
    "--source-project",
    SOURCE,
    "--source-version",
    SOURCE_VERSION,
    "--to",
    DESTINATION,
    "--bucket",
    "flowers-production-models",
];

const EVENT: &str = include_str!("../../../../events/copy-requested-cli.json");

/// Reads lines until one contains the text.
pub(crate) async fn read_until(stream: &mut (impl AsyncRead + Unpin), text: &str) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains(text) {
            return;
        }
    }
    panic!("`{text}` did not come");
}

/// Sends the signal of Ctrl-C to a program.
pub(crate) fn press_ctrl_c(program: &Child) {
    let id = program.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// The functions on the sandbox's clock.
static BINARIES: LazyLock<Binaries> = LazyLock::new(|| Binaries::build(true).unwrap());

/// An HTTP answer: its status, further headers with their line ends, and its body.
pub(crate) fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// An HTTP server that answers each request, given as its text, or closes the connection. Its URL.
pub(crate) async fn stub(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = String::new();
            let mut reader = BufReader::new(&mut stream);
            while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).await.unwrap() > 0 {}
            let header =
                |line: &str| Some(line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse());
            let length = request.lines().find_map(header).map_or(0, Result::unwrap);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).await.unwrap();
            request.push_str(&String::from_utf8_lossy(&body));
            stream.write_all(&answer(&request)).await.unwrap();
        }
    });
    url
}

/// A sandbox with a user's machine.
pub(crate) struct Machine {
    pub(crate) sandbox: Sandbox,
    deployment: Option<Arc<Deployment>>,
    home: TempDir,
}

impl Machine {
    /// A copy takes so many seconds.
    pub(crate) async fn new(copying: i64) -> Self {
        Self::of(Self::builder(copying).start().await.unwrap(), None)
    }

    /// The same with the copier's stack. Its functions run only when the test says so.
    pub(crate) async fn with_stack(copying: i64) -> Self {
        let builder = Self::builder(copying);
        let deployment = Deployment::start(builder, BINARIES.clone(), BTreeMap::new()).await.unwrap();
        Self::of(deployment.sandbox().clone(), Some(Arc::new(deployment)))
    }

    fn builder(copying: i64) -> Builder {
        let settings = Settings { copying: jiff::SignedDuration::from_secs(copying), ..Settings::default() };
        Sandbox::builder(World::small()).settings(settings)
    }

    fn of(sandbox: Sandbox, deployment: Option<Arc<Deployment>>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let profile = |name: &str, account: &str| {
            format!("[{name}]\naws_access_key_id = {account}\naws_secret_access_key = sandbox\n")
        };
        let profiles = [("flowers", SOURCE_ACCOUNT), ("production", ACCOUNT), ("stranger", "777788889999")]
            .map(|(name, account)| profile(name, account))
            .concat();
        std::fs::write(home.path().join("credentials"), profiles).unwrap();
        Self { sandbox, deployment, home }
    }

    /// The copier's stack.
    pub(crate) fn stack(&self) -> &Deployment {
        self.deployment.as_ref().unwrap()
    }

    pub(crate) fn state(&self) -> &Path {
        self.home.path()
    }

    /// The program with these arguments, as the user of the destination account.
    pub(crate) fn program<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_model-copier"));
        command
            .env_clear()
            .envs(self.sandbox.environment(ACCOUNT))
            .env("XDG_STATE_HOME", self.state())
            .env("AWS_SHARED_CREDENTIALS_FILE", self.home.path().join("credentials"))
            .env("AWS_CONFIG_FILE", self.home.path().join("config"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(self.program(arguments).output().await.unwrap())
    }

    /// The same while the stack's functions run.
    pub(crate) async fn run_with_functions<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Ran {
        self.while_functions_run(self.run(arguments)).await
    }

    /// The queue is delivered and the schedule strikes all the time until the work is done.
    pub(crate) async fn while_functions_run<T>(&self, work: impl Future<Output = T>) -> T {
        let functions = async {
            loop {
                self.stack().deliver().await;
                self.stack().check().await.unwrap();
            }
        };
        tokio::select! {
            done = work => done,
            never = functions => never,
        }
    }

    /// A copy of the request in events/, from standard input.
    pub(crate) fn copy_of_event(&self, arguments: &[&str]) -> (Child, ChildStdin) {
        let arguments = ["copy", "-"].iter().chain(arguments);
        let mut child = self.program(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        (child, stdin)
    }

    /// Runs that to its end.
    pub(crate) async fn run_event(&self, arguments: &[&str]) -> Ran {
        let child = self.with_event(arguments).await;
        Ran::of(child.wait_with_output().await.unwrap())
    }

    /// The same, under way.
    pub(crate) async fn with_event(&self, arguments: &[&str]) -> Child {
        let (child, mut stdin) = self.copy_of_event(arguments);
        stdin.write_all(EVENT.as_bytes()).await.unwrap();
        child
    }

    /// How often the sandbox accepted CopyProjectVersion.
    pub(crate) fn copies(&self) -> usize {
        self.sandbox.project(DESTINATION).unwrap().versions.len()
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
