"""The sections of the companion: a title and a few sentences of ours for each section of the notes."""

from __future__ import annotations

SECTIONS: dict[str, tuple[str, str]] = {
    "2": (
        "Classification as regression",
        (
            "A classifier for two classes gives the probability of one of them. It is built like a linear "
            "regression: a model with parameters, and a loss that says how far its answer is from the label."
        ),
    ),
    "2.1": ("Two classes", "What a classifier has to give, and what a linear regression already has of it."),
    "2.1.1": (
        "The output",
        ("The prediction is a function of the input and the parameters, and has two names."),
    ),
    "2.1.2": (
        "Linear regression, for comparison",
        (
            "A line is fitted by making the sum of squared residuals small. Whether the losses are added or "
            "averaged does not move the minimum."
        ),
    ),
    "2.1.3": ("The logistic counterpart", "Labels are 0 and 1 now, and the fitted curve is a probability."),
    "2.2": (
        "The sigmoid",
        (
            "It takes any real number to a number between 0 and 1. Both ends are limits; no finite argument "
            "reaches them."
        ),
    ),
    "2.3": ("Parameters", "A weight for each feature and a bias stand inside the sigmoid."),
    "2.3.1": ("The inner product", "The weighted sum of the features."),
    "2.3.2": ("The role of θ", "The slope at the half-point is θ/4. A negative θ turns the curve around."),
    "2.3.3": ("The role of b", "With θ = 1 the curve has the value 1/2 at x = −b."),
    "2.3.4": ("The bias as a weight", "A feature that is always 1 makes the bias one more weight."),
    "2.3.5": (
        "Two properties",
        ("The derivative of the sigmoid is written with its own value. It is at most 1/4, at 0."),
    ),
    "2.3.6": (
        "The derivative, step by step",
        ("Both derivatives follow from the quotient rule; the second has the sign of the inner function."),
    ),
    "2.4": (
        "tanh",
        (
            "Its values lie between −1 and 1. Each of the three forms follows from the first by cancelling "
            "one exponential."
        ),
    ),
    "2.4.1": ("The derivative of tanh", "Again written with the function's own value."),
    "2.5": ("Logistic regression", "The loss is a cross entropy, and so a negative log likelihood."),
    "2.5.1": (
        "Entropy and cross entropy",
        ("The cross entropy takes the logarithm of another distribution than the one it averages over."),
    ),
    "2.5.2": (
        "Cross entropies in numbers",
        (
            "Logarithms are natural. Every number here is computed anew at full precision and rounded once, "
            "at the end."
        ),
    ),
    "2.5.3": (
        "The cost",
        (
            "One term for each example: the logarithm of the probability that the model gave to the true "
            "label."
        ),
    ),
    "2.5.4": (
        "Labels as coins",
        (
            "Each example has its own coin; the examples share the parameters. The product of the "
            "probabilities is the likelihood."
        ),
    ),
    "2.5.5": ("Both are one", "The logarithm turns the product into the sum of 2.5.3."),
    "2.5.6": ("Other ways to combine the two lines", "Any function that agrees at the two labels would do."),
    "2.6": (
        "Several classes",
        "A label is a one-hot vector, and the output a probability for each class.",
    ),
    "2.6.1": ("Softmax", "Exponentials, divided by their sum: positive numbers that sum to one."),
    "2.6.2": ("Softmax as layers", "A composite function is evaluated from the inside out."),
    "2.6.3": (
        "Two classes",
        ("With two classes only the difference of the parameters matters, and softmax is the sigmoid."),
    ),
    "2.7": ("Multinomial regression", "The cost has the same form, with a one-hot label for each example."),
    "2.7.1": ("The likelihood of one-hot labels", "The exponent picks the probability of the true class."),
    "2.7.2": ("The least cost", "The cost is convex; gradient descent finds its minimum."),
    "2.8": (
        "Gradient descent",
        ("A step against the gradient. Its length is the rate times the length of the gradient."),
    ),
    "2.8.1": ("From −2", "On a parabola, with rate 0.1, each step keeps four fifths of the distance."),
    "2.8.2": ("From 2", "The mirror image."),
    "2.9": (
        "The gradient of the multinomial cost",
        ("A matrix with a column for each class: inputs times errors, summed over the examples."),
    ),
    "2.9.1": ("The iteration", "With a regulariser the parameters are also pulled towards zero."),
    "2.10": ("The derivatives, one by one", "The long way to a short result: probability minus label."),
    "3": ("Three models", "Labels, a function and a loss make a model. One cost serves all three."),
    "4": ("Neural networks", "A linear map, then a non-linear function of every entry."),
    "4.1": ("Layers", "A network is a composite function; its parameters are those of its layers."),
    "4.1.1": (
        "The chain rule",
        ("From layer to layer, without leaving one out and without passing one twice."),
    ),
    "4.2": ("One hidden layer", "z is before the activation, a after it."),
    "4.2.1": ("An example", "The numbers that the next pages use."),
    "4.3": (
        "Forward",
        "From the input to the loss, one function after the other, with the numbers of the example.",
    ),
    "4.3.1": ("z", "Row by row."),
    "4.3.2": ("a", "Entry by entry."),
    "4.3.3": ("The output", "An inner product again."),
    "4.3.4": (
        "The loss",
        ("The numbers here follow from full precision, not from rounded intermediate results."),
    ),
    "4.3.5": (
        "Two hidden layers",
        (
            "From here on a superscript counts the layers: W⁽ˡ⁾ leads into layer l. Sections 4.5 and 4.6 are "
            "judged by this."
        ),
    ),
    "4.4": (
        "Backpropagation through one layer",
        ("With ½ (y − ŷ)² the derivative by ŷ is ŷ − y. Most errors of this section are this one sign."),
    ),
    "4.4.1": ("One weight", "W_{i,j} reaches the output through neuron i alone."),
    "4.4.2": ("Put together", "Four factors."),
    "4.4.3": ("As a matrix", "The outer product of δ and the input."),
    "4.4.4": ("δ", "The derivative of the output by the pre-activation."),
    "4.4.5": ("The bias", "Its derivative is δ itself."),
    "4.4.6": ("Descent", "All parameters in one vector."),
    "4.4.7": (
        "The input",
        ("The same chain ends at the input as well: it says which part of an example causes its loss."),
    ),
    "4.5": ("Two layers", "The output of the first layer is the input of the second."),
    "4.5.1": ("The second layer", "As with one layer."),
    "4.5.2": ("The first layer", "δ passes back through W⁽²⁾ and the slope of the activation."),
    "4.5.3": (
        "Vanishing gradients",
        (
            "Each sigmoid multiplies the gradient by at most 1/4. How large the weights are at the start "
            "decides as much."
        ),
    ),
    "4.6": ("Any number of layers", "One recursion, started at the last layer."),
    "5": (
        "Convolutional networks",
        "Layers whose neurons see a window of the input, all with the same few weights.",
    ),
    "5.1": ("Fully connected layers are large", "Every pixel has a weight to every neuron."),
    "5.2": ("Convolution", "One kernel, placed everywhere. What it saves, and how it is a linear map."),
    "5.2.1": (
        "One dimension",
        (
            "A small kernel slides over a signal. It is not turned around: mathematicians call this a "
            "correlation."
        ),
    ),
    "5.2.2": (
        "Two dimensions",
        (
            "The same with windows. The kernel of this example looks the same turned around, so that both "
            "conventions agree."
        ),
    ),
    "5.2.3": ("Functions", "Here the kernel is turned around, as in the definition that mathematicians use."),
    "5.2.4": ("What it saves", "The number of weights does not depend on the size of the image."),
    "5.2.5": (
        "As a matrix",
        ("The matrix repeats a few weights along its diagonals. Which diagonals depends on the convention."),
    ),
    "5.3": ("VGG", "Convolutions that keep the size, activations, and pooling that halves it."),
    "5.4": ("A convolutional layer", "The layer forward and backward, index by index."),
    "5.4.1": (
        "A convolutional layer forward",
        ("Indices count from 0; there are N − m + 1 places in each direction."),
    ),
    "5.4.2": (
        "And backward",
        ("A neuron below gathers from the windows it was in; a weight gathers from all places."),
    ),
    "5.4.3": ("Automatic differentiation", "Give the forward network only: the derivatives follow."),
}
