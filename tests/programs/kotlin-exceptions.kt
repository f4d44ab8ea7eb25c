// Exceptions: caught by type, through many frames, with `finally`, causes, and thrown again.

open class Failure(message: String, cause: Throwable? = null) : Exception(message, cause)
class Worse(val code: Int) : Failure("worse $code")

private val log = mutableListOf<String>()

private fun dive(depth: Int, bottom: () -> Int): Int =
    if (depth == 0) bottom() else dive(depth - 1, bottom) + 1

private fun guarded(action: () -> Int): String = try {
    "value ${action()}"
} catch (e: Worse) {
    "worse with ${e.code}"
} catch (e: Failure) {
    "failure: ${e.message}"
} catch (e: IllegalStateException) {
    "state: ${e.message}"
} finally {
    log.add("left")
}

private fun finallyOrder(which: Int): Int {
    for (round in 0..3) {
        try {
            try {
                if (round == which) throw Failure("round $round")
                if (round == 2) continue
                log.add("body $round")
            } finally {
                log.add("inner $round")
                if (which == 3 && round == 1) break
            }
        } catch (e: Failure) {
            log.add("caught ${e.message}")
            return round * 10
        } finally {
            log.add("outer $round")
        }
    }
    return -1
}

private class Resource(val name: String) : AutoCloseable {
    override fun close() {
        log.add("close $name")
        if (name == "b") throw Failure("closing $name")
    }
}

private fun resources(): String = try {
    Resource("a").use { a ->
        Resource("b").use { b ->
            Resource("c").use { throw Worse(a.name.length + b.name.length + it.name.length) }
        }
    }
} catch (e: Failure) {
    "${e.message}, suppressed ${e.suppressedExceptions.map { it.message }}"
}

private fun causes(): List<String?> {
    var error: Throwable? = null
    for (level in 0..<5) {
        error = try {
            throw Failure("level $level", error)
        } catch (e: Failure) {
            e
        }
    }
    return generateSequence(error) { it.cause }.map { it.message }.toList()
}

private fun library(): List<String> = listOf<() -> Any?>(
    { listOf(1, 2)[5] },
    { "12x".toInt() },
    { mapOf<Int, Int>().getValue(3) },
    { listOf<Int>().first() },
    { null!! },
    { 1 / listOf(0)[0] },
    { error("state") },
    { require(false) { "argument" } },
    { ("text" as Any) as List<*> },
    { mutableListOf(1, 2, 3).also { list -> for (item in list) list.add(item) } },
    { IntArray(2)[2] },
).map { action ->
    runCatching { action() }.fold({ "value $it" }, { it::class.simpleName ?: "nothing" })
}

private fun hot(): Int {
    var sum = 0
    for (round in 0..<2000) {
        sum += try {
            dive(round % 20) { if (round % 3 == 0) throw Worse(round) else round }
        } catch (e: Worse) {
            -e.code
        }
    }
    return sum
}

fun main() {
    println(guarded { dive(10) { 5 } })
    println(guarded { dive(100) { throw Worse(7) } })
    println(guarded { dive(3) { throw Failure("deep") } })
    println(guarded { dive(3) { error("unexpected") } })
    val passed = runCatching { guarded { throw IllegalArgumentException("passes") } }
    println(passed.exceptionOrNull()?.message)
    println(log.size)
    for (which in 0..4) {
        log.clear()
        println("${finallyOrder(which)} $log")
    }
    log.clear()
    println("${resources()} $log")
    println(causes())
    println(library())
    println(hot())
    println(Worse(3))
}
