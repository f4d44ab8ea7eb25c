// Machines that pass parts along belts, one step after the other: virtual calls, interface calls,
// casts and short-lived objects, as in a scheduler of an operating system.

import kotlin.wasm.unsafe.*

@WasmImport("wasi_snapshot_preview1", "args_sizes_get")
private external fun argsSizes(count: Int, size: Int): Int

@WasmImport("wasi_snapshot_preview1", "args_get")
private external fun argsGet(pointers: Int, buffer: Int): Int

/** The first argument of the program, as a number. */
@OptIn(UnsafeWasmMemoryApi::class)
private fun argument(default: Int): Int = withScopedMemoryAllocator { memory ->
    val sizes = memory.allocate(8)
    argsSizes(sizes.address.toInt(), sizes.address.toInt() + 4)
    val count = sizes.loadInt()
    val pointers = memory.allocate(4 * count + 4)
    val buffer = memory.allocate((sizes + 4).loadInt() + 1)
    argsGet(pointers.address.toInt(), buffer.address.toInt())
    if (count < 2) return@withScopedMemoryAllocator default
    var value = 0
    var at = Pointer((pointers + 4).loadInt().toUInt())
    while (at.loadByte() != 0.toByte()) {
        value = value * 10 + (at.loadByte() - 48)
        at += 1
    }
    value
}

/** What lies on a belt: a list that is linked through its items. */
private abstract class Item(val origin: Int) {
    var next: Item? = null
    abstract val weight: Int
}

private class Part(origin: Int, val serial: Int) : Item(origin) {
    val marks = IntArray(4)
    var filled = 0
    override val weight get() = 1 + filled
}

private class Order(origin: Int, val count: Int) : Item(origin) {
    override val weight get() = 0
}

private class Box(origin: Int, val parts: Array<Part?>) : Item(origin) {
    override val weight: Int
        get() {
            var sum = 2
            for (part in parts) sum += part?.weight ?: 0
            return sum
        }
}

private class Belt {
    private var first: Item? = null
    private var last: Item? = null
    val isEmpty get() = first == null

    fun put(item: Item) {
        item.next = null
        val before = last
        if (before == null) first = item else before.next = item
        last = item
    }

    fun take(): Item? {
        val item = first ?: return null
        first = item.next
        if (first == null) last = null
        return item
    }
}

private interface Watcher {
    fun moved(machine: Machine, item: Item)
}

private class Counting : Watcher {
    var moves = 0
    override fun moved(machine: Machine, item: Item) {
        moves++
    }
}

private class Weighing : Watcher {
    var sum = 0
    override fun moved(machine: Machine, item: Item) {
        sum = sum * 3 + item.weight * (machine.number + 1)
    }
}

private abstract class Machine(val plant: Plant, val number: Int, val priority: Int) {
    val belt = Belt()
    var next: Machine? = null
    var held = false
    var steps = 0

    /** Does one step. Returns whether it is ready for another one. */
    abstract fun step(item: Item?): Boolean

    fun send(to: Machine, item: Item) {
        to.belt.put(item)
        to.held = false
        plant.watcher(item).moved(this, item)
    }
}

/** Gives out orders until so many are done. */
private class Office(plant: Plant, private var left: Int) : Machine(plant, 0, 1) {
    lateinit var workshops: Array<Machine>
    private var state = 1

    override fun step(item: Item?): Boolean {
        if (item is Box) plant.delivered += item.weight
        if (left == 0) return false
        left--
        state = if (state and 1 == 0) state ushr 1 else (state ushr 1) xor 0xd008
        send(workshops[state % workshops.size], Order(number, 1 + (state and 3)))
        return true
    }
}

/** Makes the parts that an order asks for. */
private class Workshop(plant: Plant, number: Int) : Machine(plant, number, 10) {
    lateinit var painter: Machine
    private var serial = 0

    override fun step(item: Item?): Boolean {
        val order = item as? Order ?: return false
        repeat(order.count) { send(painter, Part(number, serial++)) }
        return !belt.isEmpty
    }
}

/** Marks parts, each in several steps. */
private class Painter(plant: Plant, number: Int) : Machine(plant, number, 20) {
    lateinit var packer: Machine
    private val waiting = Belt()

    override fun step(item: Item?): Boolean {
        if (item != null) waiting.put(item)
        val part = waiting.take() as Part? ?: return false
        part.marks[part.filled++] = part.serial + number
        if (part.filled < part.marks.size) waiting.put(part) else send(packer, part)
        return true
    }
}

/** Puts parts into boxes. */
private class Packer(plant: Plant, number: Int) : Machine(plant, number, 30) {
    lateinit var office: Machine
    private var parts = arrayOfNulls<Part>(3)
    private var filled = 0

    override fun step(item: Item?): Boolean {
        if (item is Part) {
            parts[filled++] = item
            if (filled == parts.size) {
                send(office, Box(number, parts))
                parts = arrayOfNulls(3)
                filled = 0
            }
        }
        return !belt.isEmpty
    }
}

private class Plant(orders: Int) {
    private val counting = Counting()
    private val weighing = Weighing()
    private var machines: Machine? = null
    var delivered = 0

    init {
        val office = Office(this, orders)
        val packer = Packer(this, 7)
        val painters = Array<Machine>(3) { Painter(this, 4 + it).apply { this.packer = packer } }
        val workshops = Array<Machine>(3) {
            Workshop(this, 1 + it).apply { painter = painters[it] }
        }
        office.workshops = workshops
        packer.office = office
        val all = listOf<Machine>(office) + workshops + painters + packer
        for (machine in all.sortedByDescending { it.priority }.reversed()) {
            machine.next = machines
            machines = machine
        }
    }

    fun watcher(item: Item): Watcher = if (item is Part) weighing else counting

    fun run() {
        var machine = machines
        while (machine != null) {
            if (machine.held && machine.belt.isEmpty) {
                machine = machine.next
                continue
            }
            machine.steps++
            machine.held = !machine.step(machine.belt.take())
            machine = machines
        }
    }

    fun report() {
        val steps = generateSequence(machines) { it.next }.map { it.steps }.toList()
        println("${counting.moves} orders and boxes moved, weight $delivered")
        println("checksum of parts ${weighing.sum}")
        println("steps: $steps, ${steps.sum()} in all")
    }
}

fun main() {
    val plant = Plant(argument(300))
    plant.run()
    plant.report()
}
