// Strings: arrays of 16-bit units, builders, numbers to text and back, characters outside the basic
// plane.

private fun words() {
    val text = "Ein Ring, sie zu knechten, sie alle zu finden"
    println(text.split(' ', ',').filter { it.isNotEmpty() }.map { it.lowercase() }.sorted())
    println(text.reversed())
    println(text.replace("sie", "SIE").substringAfter("SIE").trim().padEnd(40, '.') + "|")
    println(text.indexOf("zu") to text.lastIndexOf("zu"))
    println(text.commonPrefixWith("Ein Rind") + "/" + text.takeLastWhile { it != ' ' })
    println("a,b,,c".split(",") + "x".repeat(5))
    println("""
        |raw
        |  text
    """.trimMargin().lines())
}

private fun numbers() {
    val integers = listOf(0, -1, Int.MIN_VALUE, Int.MAX_VALUE)
    println(integers.map { it.toString() + "/" + it.toString(16) })
    println(listOf(0L, Long.MIN_VALUE, Long.MAX_VALUE, 1234567890123L))
    println(listOf(0.1, 1.0 / 3, 1e21, 1e-7, 123456789.0, -0.0))
    println(listOf(Double.MAX_VALUE, Double.MIN_VALUE))
    println(listOf(Double.NaN, Double.POSITIVE_INFINITY, 0.1f.toDouble()))
    println("${"42".toInt() + "-17".toLong()} ${"2.5e3".toDouble()}")
    println("${"ff".toInt(16)} ${"x1".toIntOrNull()}")
    println("${UInt.MAX_VALUE} ${ULong.MAX_VALUE} ${200.toUByte()} ${(-1).toUInt() / 3u}")
    println("${7.toByte()} ${'a' + 1} ${'z'.code} ${Char(0x263a)}")
}

private fun unicode() {
    val text = "Grüße, Ἀθῆναι, 東京, 😀!"
    println(text)
    println("${text.length} units, ${text.encodeToByteArray().size} bytes")
    println(text.encodeToByteArray().decodeToString() == text)
    println(text.map { it.code.toString(16) }.joinToString(" "))
    println(text.uppercase())
    println(text.filter { it.isLetter() }.length)
    println(text.hashCode() == text.toCharArray().concatToString().hashCode())
    println("straße".compareTo("strasse") > 0 && "B".compareTo("a", ignoreCase = true) > 0)
}

private fun builders() {
    val builder = StringBuilder()
    for (line in 0..<200) {
        builder.append(line).append(':').append(line * line % 97)
        builder.append(if (line % 10 == 9) '\n' else ' ')
    }
    builder.insert(0, "begin ").deleteRange(20, 40).setLength(700)
    var checksum = 7
    for (char in builder) checksum = checksum * 31 + char.code
    println("${builder.length} $checksum")
    println(builder.lines().drop(3).first())
    println(buildString { for (char in 'a'..'z') insert(length / 2, char) })
    val rows = CharArray(64) { ' ' }
    for (x in 0..<64) rows[(x * x + 3 * x) % 64] = '#'
    println(rows.concatToString().trimEnd())
}

private fun caesar(text: String, by: Int) = text.map {
    when (it) {
        in 'a'..'z' -> 'a' + (it - 'a' + by).mod(26)
        in 'A'..'Z' -> 'A' + (it - 'A' + by).mod(26)
        else -> it
    }
}.joinToString("")

fun main() {
    words()
    numbers()
    unicode()
    builders()
    val secret = caesar("The Quick Brown Fox", 13)
    println("$secret ${caesar(secret, -13)}")
}
