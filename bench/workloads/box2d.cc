// Box2D: a pyramid of boxes falls, and a ball hits it.
#include <cstdio>
#include <cstdlib>

#include "box2d/box2d.h"

int main(int argc, char **argv) {
    int rows = argc > 1 ? atoi(argv[1]) : 10;
    b2World world(b2Vec2(0.0f, -10.0f));
    b2BodyDef ground;
    b2EdgeShape floor;
    floor.SetTwoSided(b2Vec2(-80.0f, 0.0f), b2Vec2(80.0f, 0.0f));
    world.CreateBody(&ground)->CreateFixture(&floor, 0.0f);
    b2PolygonShape box;
    box.SetAsBox(0.5f, 0.5f);
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < rows - row; column++) {
            b2BodyDef body;
            body.type = b2_dynamicBody;
            body.position.Set(-rows * 0.56f + row * 0.56f + column * 1.13f, 0.8f + row * 1.25f);
            world.CreateBody(&body)->CreateFixture(&box, 5.0f);
        }
    }
    b2BodyDef definition;
    definition.type = b2_dynamicBody;
    definition.position.Set(-60.0f, 9.0f);
    definition.linearVelocity.Set(40.0f, 2.0f);
    b2CircleShape round;
    round.m_radius = 2.0f;
    b2Body *ball = world.CreateBody(&definition);
    ball->CreateFixture(&round, 20.0f);
    for (int step = 0; step < 120; step++) world.Step(1.0f / 60.0f, 8, 3);
    float x = 0, y = 0;
    for (b2Body *body = world.GetBodyList(); body; body = body->GetNext()) x += body->GetPosition().x, y += body->GetPosition().y;
    printf("%d bodies, %d contacts, %.4f %.4f\n", world.GetBodyCount(), world.GetContactCount(), x, y);
    return 0;
}
