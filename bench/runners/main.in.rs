// Both runners are this file. Only the name of the runtime differs.

fn main() -> api::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(name), Some(argument)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        panic!("usage: runner ARTIFACT FUNCTION ARGUMENT");
    };
    let engine = api::Engine::default();
    // SAFETY: the benchmark has just written the file.
    let module = unsafe { api::Module::deserialize_file(&engine, file)? };
    let mut store = api::Store::new(&engine, ());
    let instance = api::Instance::new(&mut store, &module, &[])?;
    let function = instance.get_typed_func::<i32, i32>(&mut store, &name)?;
    println!("{}", function.call(&mut store, argument.parse().expect("a number"))?);
    Ok(())
}
