"""Estimators with the interfaces of scikit-learn: for its pipelines, searches and validations.

Each leads back to the mathematics: `estimator.network_` is a Network on the raw columns, with derivation and working.
Read `linear`, then `classification` (what all classifiers share), `logistic`, `scaling`, `training`, `network`.
"""

from chainrule.estimators.convolutional import ConvolutionalClassifier
from chainrule.estimators.linear import LinearRegression
from chainrule.estimators.logistic import LogisticRegression, MultinomialRegression
from chainrule.estimators.network import NeuralNetworkClassifier, NeuralNetworkRegressor

__all__ = [
    "ConvolutionalClassifier",
    "LinearRegression",
    "LogisticRegression",
    "MultinomialRegression",
    "NeuralNetworkClassifier",
    "NeuralNetworkRegressor",
]
