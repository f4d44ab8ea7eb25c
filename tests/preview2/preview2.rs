//! A program for WASI 0.2 that does one thing or another, by its first argument. It uses nothing
//! but the standard library.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, io, process, thread};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let argument = |place: usize| arguments.get(place).map_or("", String::as_str);
    match argument(1) {
        "hello" => println!("hello from 0.2"),
        "world" => world(&arguments),
        "cat" => {
            io::copy(&mut io::stdin(), &mut io::stdout())?;
        }
        "exit" => process::exit(argument(2).parse().expect("a number")),
        "fail" => return Err(io::Error::other("as requested")),
        "panic" => panic!("as requested"),
        "clocks" => clocks(),
        "sleep" => thread::sleep(Duration::from_millis(argument(2).parse().expect("a number"))),
        "spin" => loop {
            thread::yield_now();
        },
        "files" => files()?,
        "read" => println!("{}", fs::read_to_string(argument(2))?),
        "write" => fs::write(argument(2), argument(3))?,
        "append" => {
            fs::OpenOptions::new().append(true).open(argument(2))?.write_all(b"more\n")?;
        }
        "try" => attempt(argument(2)),
        "connect" => connect(argument(2))?,
        "listen" => listen(argument(2))?,
        "datagram" => datagram(argument(2))?,
        "lookup" => println!("{}", (argument(2), 80).to_socket_addrs()?.count() > 0),
        other => panic!("there is no `{other}`"),
    }
    Ok(())
}

fn world(arguments: &[String]) {
    println!("{:?}", &arguments[1..]);
    let mut variables: Vec<_> = env::vars().collect();
    variables.sort();
    println!("{variables:?}");
}

fn clocks() {
    let start = Instant::now();
    thread::sleep(Duration::from_millis(20));
    println!("{}", start.elapsed() >= Duration::from_millis(20));
    println!("{}", SystemTime::now() > SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000));
}

fn files() -> io::Result<()> {
    fs::create_dir("d")?;
    fs::write("d/one", "1234567890")?;
    let mut file = fs::OpenOptions::new().read(true).write(true).open("d/one")?;
    file.write_all(b"abc")?;
    let mut rest = String::new();
    file.read_to_string(&mut rest)?;
    println!("{rest} {}", fs::read_to_string("d/one")?);
    file.set_len(5)?;
    println!("{}", fs::metadata("d/one")?.len());
    fs::rename("d/one", "d/two")?;
    fs::hard_link("d/two", "d/three")?;
    let mut names = Vec::new();
    for entry in fs::read_dir("d")? {
        names.push(entry?.file_name().into_string().expect("UTF-8"));
    }
    names.sort();
    println!("{names:?}");
    println!("{:?}", fs::read("d/four").map_err(|error| error.kind()));
    println!("{:?}", fs::remove_dir("d").map_err(|error| error.kind()));
    fs::remove_file("d/two")?;
    fs::remove_file("d/three")?;
    fs::remove_dir("d")?;
    println!("{:?}", fs::metadata("d").map(|_| ()).map_err(|error| error.kind()));
    Ok(())
}

/// Tries everything with a path that must not be reached.
fn attempt(path: &str) {
    let refused = |what: &str, result: io::Result<()>| match result {
        Ok(()) => println!("{what}: done"),
        Err(_) => println!("{what}: refused"),
    };
    refused("read", fs::read(path).map(drop));
    refused("write", fs::write(path, "x"));
    refused("create", fs::File::create_new(path).map(drop));
    refused("metadata", fs::metadata(path).map(drop));
    refused("mkdir", fs::create_dir(path));
    refused("rename", fs::rename("own", path));
    refused("link", fs::hard_link("own", path));
    refused("unlink", fs::remove_file(path));
    refused("rmdir", fs::remove_dir(path));
    refused("list", fs::read_dir(path).map(drop));
}

fn connect(address: &str) -> io::Result<()> {
    let mut stream = match TcpStream::connect(address) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            println!("not permitted");
            return Ok(());
        }
        other => other?,
    };
    stream.write_all(b"ping")?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    println!("{answer}");
    Ok(())
}

fn listen(address: &str) -> io::Result<()> {
    let listener = match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            println!("not permitted");
            return Ok(());
        }
        other => other?,
    };
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    let (mut stream, peer) = listener.accept()?;
    let mut question = String::new();
    stream.read_to_string(&mut question)?;
    write!(stream, "{question} from {}", peer.ip())?;
    Ok(())
}

fn datagram(address: &str) -> io::Result<()> {
    let socket = match UdpSocket::bind("127.0.0.1:0") {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            println!("not permitted");
            return Ok(());
        }
        other => other?,
    };
    socket.send_to(b"ping", address)?;
    let mut answer = [0; 64];
    let (length, _) = socket.recv_from(&mut answer)?;
    println!("{}", String::from_utf8_lossy(&answer[..length]));
    Ok(())
}
