// Lists, maps, sets and queues: generic code, interface calls, arrays of references, hashing.

data class Person(val name: String, val age: Int, val town: String)

private class Random(var state: Int) {
    fun next(bound: Int): Int {
        state = state * 1103515245 + 12345
        return ((state ushr 8) and 0x7fffff) % bound
    }
}

private fun people(): List<Person> {
    val names = listOf("Ada", "Bert", "Cleo", "Dora", "Egon", "Fay", "Gus", "Hana")
    val towns = arrayOf("Ulm", "Bern", "Graz")
    val random = Random(7)
    return List(24) { Person(names[it % names.size], 18 + random.next(50), towns[random.next(3)]) }
}

private fun queries() {
    val people = people()
    for ((town, those) in people.groupBy { it.town }.entries.sortedBy { it.key }) {
        val ages = those.map { it.age }
        val oldest = those.maxByOrNull { it.age }
        println("$town: ${those.size}, mean age ${ages.sum() / ages.size}, oldest $oldest")
    }
    val (young, old) = people.partition { it.age < 40 }
    println("${young.size} below 40, ${old.size} not")
    val names = people.map { it.name }.distinct()
    println(names.joinToString(separator = "|", prefix = "<", postfix = ">"))
    println(people.sortedWith(compareBy<Person> { it.town }.thenByDescending { it.age }).take(4))
    println(people.associateBy { it.name }["Cleo"])
    println(people.zip(people.drop(1)) { a, b -> b.age - a.age }.windowed(3, 7) { it.sum() })
    println(people.toSet().size == people.size)
    val first = people.first()
    println(first == first.copy() && first != first.copy(age = 1))
}

private fun maps() {
    val random = Random(42)
    val counts = HashMap<Int, Int>()
    repeat(3000) {
        val key = random.next(500)
        counts[key] = (counts[key] ?: 0) + 1
    }
    for (key in 0..<500 step 3) counts.remove(key)
    println("${counts.size} keys, ${counts.values.sum()} in all, most ${counts.values.max()}")
    val words = LinkedHashMap<String, MutableList<Int>>()
    "the quick fox and the lazy dog and the cat".split(' ').forEachIndexed { at, word ->
        words.getOrPut(word) { mutableListOf() }.add(at)
    }
    println(words)
    words.entries.removeAll { it.value.size == 1 }
    println(words.keys)
}

private fun sorts() {
    val random = Random(1)
    val boxed = MutableList(2000) { random.next(100_000) }
    boxed.sortDescending()
    val inOrder = boxed.zipWithNext().all { (a, b) -> a >= b }
    println("${boxed.first()} ${boxed[1000]} ${boxed.last()}, in order: $inOrder")
    val plain = LongArray(2000) { random.next(1_000_000).toLong() shl 20 }
    plain.sort()
    println("${plain[0]} ${plain[1999]} ${plain.toList().binarySearch(plain[777]) in 0..1999}")
    val doubles = doubleArrayOf(2.5, -0.0, 0.0, Double.NaN, -1e300, 7.0)
    println(doubles.sorted())
}

private fun queues() {
    val queue = ArrayDeque<Any?>()
    for (item in listOf(1, "two", 3L, 4.5, null, 'c', true, 7.toShort())) {
        if (queue.size % 2 == 0) queue.addFirst(item) else queue.addLast(item)
    }
    println(queue)
    println(queue.map { if (it is Number) it.toInt() else it.toString().length })
    val bits = Array(8) { row -> BooleanArray(8) { column -> (row xor column) and 1 == 0 } }
    println(bits.joinToString("/") { row -> row.joinToString("") { if (it) "x" else "." } })
    val iterator = mutableListOf(1, 2, 3, 4, 5, 6).listIterator()
    while (iterator.hasNext()) {
        val value = iterator.next()
        if (value % 2 == 0) iterator.remove() else iterator.add(value * 10)
    }
    while (iterator.hasPrevious()) print("${iterator.previous()} ")
    println()
}

fun main() {
    queries()
    maps()
    sorts()
    queues()
}
