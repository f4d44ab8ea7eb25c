// Allocation: binary trees that come and go beside one that stays, and a splay tree whose nodes
// move.

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

private class Node(val left: Node?, val right: Node?) {
    fun check(): Int = if (left == null) 1 else 1 + left.check() + right!!.check()
}

private fun tree(depth: Int): Node =
    if (depth == 0) Node(null, null) else Node(tree(depth - 1), tree(depth - 1))

private fun binaryTrees(depth: Int) {
    val stays = tree(depth)
    for (each in 4..depth step 4) {
        val count = 1 shl (depth - each + 4)
        var nodes = 0
        repeat(count) { nodes += tree(each).check() }
        println("$count trees of depth $each: $nodes nodes")
    }
    println("the one that stays: ${stays.check()} nodes")
}

private class Entry(val key: Int, var value: Any?) {
    var left: Entry? = null
    var right: Entry? = null
}

private class Splay {
    private var root: Entry? = null
    var size = 0

    /** Brings the entry with this key, or a neighbour, to the root. */
    private fun splay(key: Int) {
        var current = root ?: return
        val header = Entry(0, null)
        var left = header
        var right = header
        while (true) {
            if (key < current.key) {
                var next = current.left ?: break
                if (key < next.key) {
                    current.left = next.right
                    next.right = current
                    current = next
                    next = current.left ?: break
                }
                right.left = current
                right = current
                current = next
            } else if (key > current.key) {
                var next = current.right ?: break
                if (key > next.key) {
                    current.right = next.left
                    next.left = current
                    current = next
                    next = current.right ?: break
                }
                left.right = current
                left = current
                current = next
            } else {
                break
            }
        }
        left.right = current.left
        right.left = current.right
        current.left = header.right
        current.right = header.left
        root = current
    }

    fun insert(key: Int, value: Any?) {
        splay(key)
        val old = root
        if (old != null && old.key == key) {
            old.value = value
            return
        }
        val entry = Entry(key, value)
        if (old != null) {
            if (key > old.key) {
                entry.left = old
                entry.right = old.right
                old.right = null
            } else {
                entry.right = old
                entry.left = old.left
                old.left = null
            }
        }
        root = entry
        size++
    }

    fun remove(key: Int): Any? {
        splay(key)
        val found = root
        if (found == null || found.key != key) return null
        size--
        val right = found.right
        if (found.left == null) {
            root = right
        } else {
            root = found.left
            splay(key)
            root!!.right = right
        }
        return found.value
    }

    fun sum(): Int {
        var sum = 0
        val open = ArrayList<Entry>()
        root?.let { open.add(it) }
        while (open.isNotEmpty()) {
            val entry = open.removeAt(open.size - 1)
            sum = sum * 31 + entry.key + (entry.value as Payload).sum()
            entry.left?.let { open.add(it) }
            entry.right?.let { open.add(it) }
        }
        return sum
    }
}

private class Payload(val numbers: IntArray, val text: String, val next: Payload?) {
    fun sum(): Int = numbers.sum() + text.length + (next?.sum() ?: 0)
}

private fun payload(depth: Int, key: Int): Payload =
    Payload(IntArray(10) { it * key }, "entry", if (depth == 0) null else payload(depth - 1, key))

private fun splayTree(rounds: Int) {
    val tree = Splay()
    val keys = IntArray(500)
    var state = 49734321
    for (round in 0..<rounds) {
        state = state * 1103515245 + 12345
        val key = (state ushr 4) and 0xfffff
        if (round >= keys.size) tree.remove(keys[round % keys.size])
        keys[round % keys.size] = key
        tree.insert(key, payload(3, key))
    }
    println("splay tree: ${tree.size} entries, ${tree.sum()}")
}

fun main() {
    val scale = argument(8)
    binaryTrees(scale)
    splayTree(scale * scale * scale * 4)
}
