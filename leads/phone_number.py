"""Phone numbers that keep their extension. The field that they build on stores them in E.164, which has none."""

from typing import Any

import phonenumbers
from phonenumber_field import modelfields, phonenumber


class PhoneNumber(phonenumber.PhoneNumber):
    """Written as `leads.fields.canonical_phone` does, which is also what `tel:` dials: +14255550199;ext=22."""

    def __str__(self) -> str:
        number = super().__str__()
        return f"{number};ext={self.extension}" if self.extension and self.is_valid() else number

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    __hash__ = phonenumber.PhoneNumber.__hash__


class PhoneNumberDescriptor(modelfields.PhoneNumberDescriptor):
    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.name] = self.field.to_python(value)


class PhoneNumberField(modelfields.PhoneNumberField):
    attr_class = PhoneNumber
    descriptor_class = PhoneNumberDescriptor

    def to_python(self, value: Any) -> Any:
        if not value or isinstance(value, PhoneNumber):
            return value
        try:
            return PhoneNumber.from_string(str(value), region=self.region)
        except phonenumbers.NumberParseException:
            return PhoneNumber(raw_input=str(value))

    def get_prep_value(self, value: Any) -> Any:
        number = self.to_python(value)
        return str(number) if number else number

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.to_python(value)

    def deconstruct(self) -> Any:
        """As the field that it builds on: the column is the same, so there is nothing to migrate."""
        name, _, args, kwargs = super().deconstruct()
        return name, "phonenumber_field.modelfields.PhoneNumberField", args, kwargs
