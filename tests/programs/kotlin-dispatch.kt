// Virtual calls, interfaces, generics, casts that succeed and fail, lambdas that capture.

interface Shape {
    val name: String
    fun area(): Double
    fun describe() = "$name of ${(area() * 100).toInt()}"
}

open class Rectangle(val width: Double, val height: Double) : Shape {
    override val name get() = "rectangle"
    override fun area() = width * height
}

class Square(side: Double) : Rectangle(side, side), Comparable<Square> {
    override val name get() = "square"
    override fun compareTo(other: Square) = area().compareTo(other.area())
}

class Circle(private val radius: Double) : Shape {
    override val name = "circle"
    override fun area() = radius * radius * 3.0
    override fun describe() = super.describe() + ", round"
}

sealed class Expression
data class Constant(val value: Long) : Expression()
data class Variable(val name: String) : Expression()
data class Binary(val operator: Char, val left: Expression, val right: Expression) : Expression()
data object Nothing : Expression()

private fun evaluate(
    expression: Expression,
    variables: Map<String, Long>,
): Long = when (expression) {
    is Constant -> expression.value
    is Variable -> variables[expression.name] ?: 0
    is Binary -> {
        val left = evaluate(expression.left, variables)
        val right = evaluate(expression.right, variables)
        when (expression.operator) {
            '+' -> left + right
            '-' -> left - right
            '*' -> left * right
            else -> error("an operator ${expression.operator}")
        }
    }
    Nothing -> -1
}

private fun simplify(expression: Expression): Expression {
    if (expression !is Binary) return expression
    val left = simplify(expression.left)
    val right = simplify(expression.right)
    return when {
        left is Constant && right is Constant ->
            Constant(evaluate(Binary(expression.operator, left, right), mapOf()))
        expression.operator == '*' && (left as? Constant)?.value == 1L -> right
        expression.operator == '+' && (right as? Constant)?.value == 0L -> left
        else -> Binary(expression.operator, left, right)
    }
}

enum class Level(val weight: Int) {
    LOW(1) { override fun next() = MIDDLE },
    MIDDLE(5) { override fun next() = HIGH },
    HIGH(25) { override fun next() = LOW };

    abstract fun next(): Level
}

private fun kind(value: Any?): String = when (value) {
    null -> "null"
    is Int -> "int ${value + 1}"
    is Long -> "long ${value + 1}"
    is String -> "text ${value.length}"
    is List<*> -> "list of " + value.joinToString { kind(it) }
    is IntArray -> "ints ${value.sum()}"
    is Array<*> -> "array of ${value.size}"
    is Function<*> -> "function"
    is Comparable<*> -> "comparable"
    else -> "other"
}

private fun <T> fold(items: Iterable<T>, start: T, combine: (T, T) -> T): T {
    var value = start
    for (item in items) value = combine(value, item)
    return value
}

private class Counter {
    var count = 0
    val tick: () -> Int = { ++count }
    operator fun invoke(by: Int) = apply { count += by }
    operator fun get(at: Int) = count * at
}

fun main() {
    val shapes = List(30) {
        when (it % 3) {
            0 -> Rectangle(it + 0.5, 2.0)
            1 -> Square(it * 0.25)
            else -> Circle(it / 2.0)
        }
    }
    println(shapes.take(6).map(Shape::describe))
    println(shapes.sumOf { it.area() })
    println(shapes.filterIsInstance<Square>().max().describe())
    println(shapes.count { it is Rectangle && it !is Square })

    var expression: Expression = Variable("x")
    for (value in 1L..6L) {
        val factor = if (value % 2 == 0L) Variable("y") else Constant(value)
        val other = Binary('*', Constant(1), factor)
        expression = Binary(if (value % 3 == 0L) '-' else '+', expression, other)
    }
    val variables = mapOf("x" to 100L, "y" to 7L)
    println(evaluate(expression, variables))
    println(simplify(expression))
    println(evaluate(simplify(expression), variables))
    println(Nothing)

    println(generateSequence(Level.LOW) { it.next() }.take(7).map { it.weight }.sum())
    println(Level.entries.map { it.name.lowercase() to it.ordinal })
    val values = listOf(null, 4, 5L, "six", listOf(1, "a"), intArrayOf(1, 2), arrayOf("x"))
    println((values + listOf({ 3 }, 'c', 2.5, Any())).map(::kind))

    println(fold(listOf(1, 2, 3, 4), 10, Int::plus))
    println(fold(listOf("b", "c"), "a") { left, right -> "($left$right)" })
    val counter = Counter()
    counter(5)
    repeat(3) { counter.tick() }
    println("${counter.count} ${counter[2]}")
    val adders = List(5) { by -> { value: Int -> value + by * by } }
    println(adders.fold(1) { value, add -> add(value) })
    println(try { (shapes[0] as Circle).name } catch (e: ClassCastException) { "no circle" })
}
