// Sequences and coroutines: the compiler makes state machines of functions that suspend.

import kotlin.coroutines.*
import kotlin.coroutines.intrinsics.*

private fun primes() = sequence {
    val found = mutableListOf<Int>()
    var candidate = 2
    while (true) {
        if (found.takeWhile { it * it <= candidate }.none { candidate % it == 0 }) {
            found.add(candidate)
            yield(candidate)
        }
        candidate++
    }
}

private class Tree(val value: Int, val left: Tree? = null, val right: Tree? = null) {
    fun walk(): Sequence<Int> = sequence {
        left?.let { yieldAll(it.walk()) }
        yield(value)
        right?.let { yieldAll(it.walk()) }
    }
}

private fun tree(from: Int, to: Int): Tree? {
    if (from >= to) return null
    val middle = (from + to) / 2
    return Tree(middle, tree(from, middle), tree(middle + 1, to))
}

/** Runs coroutines in turns on one thread. */
private class Scheduler {
    private val ready = ArrayDeque<() -> Unit>()
    var steps = 0

    fun launch(body: suspend Scheduler.() -> Unit) {
        val end = object : Continuation<Unit> {
            override val context get() = EmptyCoroutineContext
            override fun resumeWith(result: Result<Unit>) {
                result.exceptionOrNull()?.let { println("ended with ${it.message}") }
            }
        }
        val start = body.createCoroutine(this, end)
        ready.addLast { start.resume(Unit) }
    }

    suspend fun pause() = suspendCoroutineUninterceptedOrReturn<Unit> { continuation ->
        ready.addLast { continuation.resume(Unit) }
        COROUTINE_SUSPENDED
    }

    fun later(action: () -> Unit) = ready.addLast(action)

    fun run() {
        while (ready.isNotEmpty()) {
            steps++
            ready.removeFirst()()
        }
    }
}

private class Channel<T>(private val scheduler: Scheduler) {
    private val items = ArrayDeque<T>()
    private val waiting = ArrayDeque<Continuation<T>>()
    var closed = false
        private set

    fun send(item: T) {
        val continuation = waiting.removeFirstOrNull()
        if (continuation == null) {
            items.addLast(item)
        } else {
            scheduler.later { continuation.resume(item) }
        }
    }

    suspend fun receive(): T {
        if (items.isNotEmpty()) return items.removeFirst()
        if (closed) throw NoSuchElementException("the channel is closed")
        return suspendCoroutine { waiting.addLast(it) }
    }

    fun close() {
        closed = true
        for (continuation in waiting) {
            val error = NoSuchElementException("closed while waiting")
            scheduler.later { continuation.resumeWithException(error) }
        }
        waiting.clear()
    }
}

private suspend fun sum(scheduler: Scheduler, depth: Int): Int {
    if (depth == 0) return 1
    scheduler.pause()
    return try {
        sum(scheduler, depth - 1) + sum(scheduler, depth - 1)
    } finally {
        if (depth == 3) scheduler.pause()
    }
}

fun main() {
    println(primes().filter { it % 4 == 1 }.take(12).toList())
    println(primes().drop(200).first())
    println(tree(0, 60)!!.walk().chunked(9) { it.sum() }.toList())
    val fibonacci = generateSequence(1L to 1L) { (a, b) -> b to a + b }.map { it.first }
    println(fibonacci.takeWhile { it < 1000 }.last())
    val iterator = iterator { yieldAll(listOf("a", "b")); yield("c") }
    println(iterator.next() + iterator.next() + iterator.next() + iterator.hasNext())

    val scheduler = Scheduler()
    val channel = Channel<Int>(scheduler)
    val output = mutableListOf<String>()
    for (producer in 1..3) {
        scheduler.launch {
            repeat(4) {
                channel.send(producer * 100 + it)
                pause()
            }
        }
    }
    scheduler.launch {
        var total = 0
        repeat(12) {
            val item = channel.receive()
            total += item
            output.add(item.toString())
        }
        output.add("total $total")
        channel.receive()
    }
    scheduler.launch {
        output.add("sum ${sum(this, 5)}")
        channel.close()
    }
    scheduler.run()
    println(output)
    println(scheduler.steps)
    scheduler.launch { channel.receive() }
    scheduler.run()
}
